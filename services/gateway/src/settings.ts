import { busSettings } from '@skein/bus';
import { storeSettings } from '@skein/cluster';
import type { IceServer } from '@skein/protocol';
import { setting } from '@skein/runtime';
import type { ConfigOf, Setting } from '@skein/runtime';
import { logSettings } from '@skein/telemetry';
import { readGatewayUrls } from './gateway-urls.ts';
import { readIceServers } from './ice-servers.ts';

const iceServers: Setting<readonly IceServer[]> = {
  env: 'SKEIN_ICE_SERVERS',
  defaultText: '[]',
  allowed: 'a JSON array of `{"urls": ["turn:HOST:PORT"], "username": "…", "credential": "…"}`',
  doc: 'STUN and TURN servers for clients, sent with the join. Entries that a browser would reject are rejected here: `turn:` and `turns:` need `username` and `credential`.',
  secret: true,
  parse: readIceServers,
};

const gatewayUrls: Setting<readonly string[]> = {
  env: 'SKEIN_GATEWAY_URLS',
  defaultText: '',
  allowed: 'URLs that start with `https://`, `http://`, `wss://` or `ws://`, separated by commas, or empty',
  doc: 'Public addresses of the gateways, at most 16, the same list for each. Clients receive the list, and reconnect to another gateway when they lose theirs.',
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
    doc: 'Region of this process. Its clients are placed on nodes of the same region while one has capacity.',
  }),
  host: setting.host('SKEIN_GATEWAY_HOST', {
    default: '127.0.0.1',
    doc: 'Listening address; `0.0.0.0` for all IPv4 addresses, `::` for all.',
  }),
  port: setting.port('SKEIN_GATEWAY_PORT', {
    default: 8080,
    doc: 'Listening port: signaling, the web page, health.',
  }),
  webDir: setting.text('SKEIN_GATEWAY_WEB_DIR', FOLDER, {
    default: 'services/web/dist',
    doc: 'Folder of the built web page. Read once, at the start.',
  }),
  gatewayUrls,
  iceServers,
  roomMaxParticipants: setting.integer(
    'SKEIN_ROOM_MAX_PARTICIPANTS',
    { min: 1, max: 100_000 },
    { default: 1000, doc: 'Maximum of participants and viewers in a room; further joins get `ROOM_FULL`.' },
  ),
  resumeGraceMs: setting.integer(
    'SKEIN_GATEWAY_RESUME_GRACE_MS',
    { min: 0, max: 120_000 },
    {
      default: 15_000,
      doc: 'Time for which a participant with a lost socket stays in the room, so that its client can resume, in ms.',
    },
  ),
  nodeChoice: setting.flag('SKEIN_GATEWAY_NODE_CHOICE', {
    default: false,
    doc: 'Allows a join to name its media node (`nodeId`), for tests and load tools. Otherwise such a join gets `PERMISSION_DENIED`.',
  }),
  maxConnections: setting.integer(
    'SKEIN_GATEWAY_MAX_CONNECTIONS',
    { min: 1, max: 10_000_000 },
    {
      default: 20_000,
      doc: 'Maximum number of WebSocket connections, some 8 KiB each; further ones get HTTP 503.',
    },
  ),
  changesPerSecond: setting.number(
    'SKEIN_GATEWAY_CHANGES_PER_SECOND',
    { min: 0.1, max: 100_000 },
    {
      default: 10,
      doc: 'Changes of the room’s state per second and connection: mutes count as 1, publish and unpublish as 4. More get `TOO_MANY_REQUESTS`.',
    },
  ),
  changesBurst: setting.integer(
    'SKEIN_GATEWAY_CHANGES_BURST',
    { min: 4, max: 1_000_000 },
    {
      default: 64,
      doc: 'Burst of changes per connection after a quiet time: 64 are 16 tracks published.',
    },
  ),
  syncsPerSecond: setting.number(
    'SKEIN_GATEWAY_SYNCS_PER_SECOND',
    { min: 0.1, max: 100_000 },
    {
      default: 10,
      doc: 'Requests for the room’s state (`sync`) per second and connection; a burst may have twice as many. More get `TOO_MANY_REQUESTS`.',
    },
  ),
  drainDeadlineMs: setting.integer(
    'SKEIN_GATEWAY_DRAIN_DEADLINE_MS',
    { min: 0, max: 3_600_000 },
    {
      default: 30_000,
      doc: 'Time for which a stopping gateway waits until its clients have moved to other gateways, in ms.',
    },
  ),
};

export type GatewaySettings = ConfigOf<typeof gatewaySettings>;
