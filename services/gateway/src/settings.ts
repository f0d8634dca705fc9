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
  doc: 'STUN and TURN servers that clients are given when they join. What a browser would refuse is refused here: `turn:` and `turns:` need `username` and `credential`.',
  secret: true,
  parse: readIceServers,
};

const gatewayUrls: Setting<readonly string[]> = {
  env: 'SKEIN_GATEWAY_URLS',
  defaultText: '',
  allowed: 'URLs that start with `https://`, `http://`, `wss://` or `ws://`, separated by commas, or empty',
  doc: 'Public addresses of the gateways, at most 16, the same list for each. Clients are told of them and go on at another one when they lose theirs.',
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
    doc: 'Where this process runs; its clients are placed on nodes of the same region while one has room.',
  }),
  host: setting.host('SKEIN_GATEWAY_HOST', {
    default: '127.0.0.1',
    doc: 'The address that the gateway listens on; `0.0.0.0` for all IPv4 ones, `::` for all.',
  }),
  port: setting.port('SKEIN_GATEWAY_PORT', {
    default: 8080,
    doc: 'The port of the gateway: signaling, the web page, health.',
  }),
  webDir: setting.text('SKEIN_GATEWAY_WEB_DIR', FOLDER, {
    default: 'services/web/dist',
    doc: 'The built web page. It is read once, at the start.',
  }),
  gatewayUrls,
  iceServers,
  roomMaxParticipants: setting.integer(
    'SKEIN_ROOM_MAX_PARTICIPANTS',
    { min: 1, max: 100_000 },
    { default: 1000, doc: 'Participants and viewers that a room takes; one more is answered `ROOM_FULL`.' },
  ),
  resumeGraceMs: setting.integer(
    'SKEIN_GATEWAY_RESUME_GRACE_MS',
    { min: 0, max: 120_000 },
    {
      default: 15_000,
      doc: 'How long a participant whose socket was lost stays in the room for its client to come back, in ms.',
    },
  ),
  nodeChoice: setting.flag('SKEIN_GATEWAY_NODE_CHOICE', {
    default: false,
    doc: 'Whether a join may name its media node (`nodeId`), for tests and load tools; else that is answered `PERMISSION_DENIED`.',
  }),
  maxConnections: setting.integer(
    'SKEIN_GATEWAY_MAX_CONNECTIONS',
    { min: 1, max: 10_000_000 },
    {
      default: 20_000,
      doc: 'WebSocket connections that the gateway holds at most, some 8 KiB each; one more is answered with HTTP 503.',
    },
  ),
  changesPerSecond: setting.number(
    'SKEIN_GATEWAY_CHANGES_PER_SECOND',
    { min: 0.1, max: 100_000 },
    {
      default: 10,
      doc: 'Changes of the room’s state that a connection may make per second: mutes count as 1, publish and unpublish as 4. More are answered `TOO_MANY_REQUESTS`.',
    },
  ),
  changesBurst: setting.integer(
    'SKEIN_GATEWAY_CHANGES_BURST',
    { min: 4, max: 1_000_000 },
    {
      default: 64,
      doc: 'Changes that a connection may make at once after a rest: 64 are 16 tracks published.',
    },
  ),
  syncsPerSecond: setting.number(
    'SKEIN_GATEWAY_SYNCS_PER_SECOND',
    { min: 0.1, max: 100_000 },
    {
      default: 10,
      doc: 'How often a connection may ask for the room’s state (`sync`) per second, and twice as often at once. More are answered `TOO_MANY_REQUESTS`.',
    },
  ),
  drainDeadlineMs: setting.integer(
    'SKEIN_GATEWAY_DRAIN_DEADLINE_MS',
    { min: 0, max: 3_600_000 },
    {
      default: 30_000,
      doc: 'How long a gateway that is stopped waits for its clients to move over to others, in ms.',
    },
  ),
};

export type GatewaySettings = ConfigOf<typeof gatewaySettings>;
