import { busSettings } from '@skein/bus';
import { storeSettings } from '@skein/cluster';
import type { IceServer } from '@skein/protocol';
import { type ConfigOf, setting, type Setting } from '@skein/runtime';
import { logSettings } from '@skein/telemetry';
import { readGatewayUrls } from './gateway-urls.ts';
import { readIceServers } from './ice-servers.ts';

const iceServers: Setting<readonly IceServer[]> = {
  env: 'SKEIN_ICE_SERVERS',
  defaultText: '[]',
  allowed: 'a JSON array of `{"urls": ["turn:HOST:PORT"], "username": "…", "credential": "…"}`',
  doc: 'STUN and TURN servers that clients get when they join. Values that a browser rejects are rejected here: `turn:` and `turns:` need `username` and `credential`.',
  secret: true,
  parse: readIceServers,
};

const gatewayUrls: Setting<readonly string[]> = {
  env: 'SKEIN_GATEWAY_URLS',
  defaultText: '',
  allowed: 'URLs that start with `https://`, `http://`, `wss://` or `ws://`, separated by commas, or empty',
  doc: 'Public URLs of the gateways, at most 16, the same list on each. Clients get the list and fail over to another gateway when they lose theirs.',
  secret: false,
  parse: readGatewayUrls,
};

const REGION = { pattern: /^[\w.:-]{1,64}$/, allowed: '1-64 of letters, digits and _ . : -' };
const FOLDER = { pattern: /^(?!\s*$).+$/, allowed: 'the path of a folder' };

/** The environment variables of the gateway. */
export const gatewaySettings = {
  ...busSettings,
  ...storeSettings,
  ...logSettings,
  region: setting.text('SKEIN_REGION', REGION, {
    default: 'default',
    doc: 'Region of this process; its clients are placed on nodes of the same region while one has room.',
  }),
  host: setting.host('SKEIN_GATEWAY_HOST', {
    default: '127.0.0.1',
    doc: 'Address that the gateway listens on; `0.0.0.0` for all IPv4 addresses, `::` for all.',
  }),
  port: setting.port('SKEIN_GATEWAY_PORT', {
    default: 8080,
    doc: 'Port of the gateway: signaling, web page, health.',
  }),
  webDir: setting.text('SKEIN_GATEWAY_WEB_DIR', FOLDER, {
    default: 'services/web/dist',
    doc: 'Folder of the built web page. It is read once, at the start.',
  }),
  gatewayUrls,
  iceServers,
  roomMaxParticipants: setting.integer(
    'SKEIN_ROOM_MAX_PARTICIPANTS',
    { min: 1, max: 100_000 },
    { default: 1000, doc: 'Participants and viewers per room; one more gets `ROOM_FULL`.' },
  ),
  resumeGraceMs: setting.integer(
    'SKEIN_GATEWAY_RESUME_GRACE_MS',
    { min: 0, max: 120_000 },
    {
      default: 15_000,
      doc: 'How long a participant whose socket was lost stays in the room and waits for its client, in ms.',
    },
  ),
  nodeChoice: setting.flag('SKEIN_GATEWAY_NODE_CHOICE', {
    default: false,
    doc: 'Whether a join may name its media node (`nodeId`), for tests and load tools; otherwise it gets `PERMISSION_DENIED`.',
  }),
  maxConnections: setting.integer(
    'SKEIN_GATEWAY_MAX_CONNECTIONS',
    { min: 1, max: 10_000_000 },
    {
      default: 20_000,
      doc: 'WebSocket connections at a time, some 8 KiB each; one more gets HTTP 503.',
    },
  ),
  changesPerSecond: setting.number(
    'SKEIN_GATEWAY_CHANGES_PER_SECOND',
    { min: 0.1, max: 100_000 },
    {
      default: 10,
      doc: 'Changes of the room’s state that a connection may make per second: a mute counts as 1, publish and unpublish as 4. More get `TOO_MANY_REQUESTS`.',
    },
  ),
  changesBurst: setting.integer(
    'SKEIN_GATEWAY_CHANGES_BURST',
    { min: 4, max: 1_000_000 },
    {
      default: 64,
      doc: 'Burst of such changes after a pause: 64 are 16 published tracks.',
    },
  ),
  syncsPerSecond: setting.number(
    'SKEIN_GATEWAY_SYNCS_PER_SECOND',
    { min: 0.1, max: 100_000 },
    {
      default: 10,
      doc: 'Reads of the room’s state (`sync`) per second and connection, with a burst of twice as many. More get `TOO_MANY_REQUESTS`.',
    },
  ),
  drainDeadlineMs: setting.integer(
    'SKEIN_GATEWAY_DRAIN_DEADLINE_MS',
    { min: 0, max: 3_600_000 },
    {
      default: 30_000,
      doc: 'How long a stopping gateway waits for its clients to move to other gateways, in ms.',
    },
  ),
};

export type GatewaySettings = ConfigOf<typeof gatewaySettings>;
