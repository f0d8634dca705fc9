import { busSettings } from '@skein/bus';
import { storeSettings } from '@skein/cluster';
import { setting, type Setting } from '@skein/runtime';
import { logSettings } from '@skein/telemetry';
import { addressSettings } from './addresses/address-settings.ts';

/** A hard limit; what passes it is refused with `LIMIT_EXCEEDED`, whatever the load is. */
function limit(env: string, defaultLimit: number, doc: string): Setting<number> {
  return setting.integer(env, { min: 1, max: 10_000_000 }, { default: defaultLimit, doc });
}

/** Every environment variable of the media node. */
export const mediaNodeSettings = {
  ...busSettings,
  ...storeSettings,
  ...logSettings,
  region: setting.text(
    'SKEIN_REGION',
    { pattern: /^[\w.:-]{1,64}$/, allowed: '1-64 letters, digits and `_ . : -`' },
    { default: 'default', doc: 'Region of this node. Gateways prefer nodes of their own region.' },
  ),
  nodeId: setting.text(
    'SKEIN_NODE_ID',
    { pattern: /^$|^[\w.:-]{1,64}$/, allowed: '1-64 letters, digits and `_ . : -`, or empty' },
    { default: '', doc: 'The node’s id in the cluster. Empty: generated at each start.' },
  ),
  workers: setting.integer(
    'SKEIN_NODE_WORKERS',
    { min: 0, max: 256 },
    { default: 0, doc: 'Number of mediasoup workers; 0: one per core.' },
  ),
  ...addressSettings,
  drainDeadlineMs: setting.integer(
    'SKEIN_NODE_DRAIN_DEADLINE_MS',
    { min: 0, max: 86_400_000, unit: 'milliseconds' },
    {
      default: 600_000,
      doc: 'Time for sessions to migrate to other nodes, on SIGTERM or `skeinctl node drain`. Sessions left then are closed here and rebuilt elsewhere.',
    },
  ),
  maxPacketsPerSecond: setting.integer(
    'SKEIN_NODE_MAX_PACKETS_PER_SECOND',
    { min: 1, max: 100_000_000, unit: 'packets' },
    { default: 100_000, doc: 'Packets per second, in and out, at which the node counts as full.' },
  ),
  maxWorkerCpu: setting.number(
    'SKEIN_NODE_MAX_WORKER_CPU',
    { min: 0.05, max: 1 },
    {
      default: 0.7,
      doc: 'Share of its core above which a worker accepts no more sessions while another one can.',
    },
  ),
  maxWorkerSessions: setting.integer(
    'SKEIN_NODE_MAX_WORKER_SESSIONS',
    { min: 1, max: 100_000, unit: 'sessions' },
    { default: 500, doc: 'Sessions above which a worker accepts no more while another one can.' },
  ),
  limitSessions: limit(
    'SKEIN_NODE_LIMIT_SESSIONS',
    10_000,
    'Maximum number of sessions on the node. Further ones are placed on another node; a join that names this node gets `LIMIT_EXCEEDED`.',
  ),
  limitRooms: limit(
    'SKEIN_NODE_LIMIT_ROOMS',
    10_000,
    'Maximum number of rooms on the node, some 50 KiB each.',
  ),
  limitTransports: limit(
    'SKEIN_NODE_LIMIT_TRANSPORTS',
    30_000,
    'Maximum number of transports, some 26 KiB each: two for each session; ends of pipes count too and are not rejected.',
  ),
  limitTracks: limit(
    'SKEIN_NODE_LIMIT_TRACKS',
    40_000,
    'Maximum number of tracks that the node receives, some 21 KiB each; those from other nodes count too and are not rejected.',
  ),
  limitSubscriptions: limit(
    'SKEIN_NODE_LIMIT_SUBSCRIPTIONS',
    200_000,
    'Maximum number of subscriptions, some 15 KiB each; tracks sent to other nodes count too and are not rejected.',
  ),
  workerLimitSessions: limit(
    'SKEIN_NODE_WORKER_LIMIT_SESSIONS',
    2000,
    'The same for each worker: sessions; further ones are placed on another worker.',
  ),
  workerLimitRooms: limit(
    'SKEIN_NODE_WORKER_LIMIT_ROOMS',
    5000,
    'The same for each worker: rooms that have a router on it.',
  ),
  workerLimitTransports: limit(
    'SKEIN_NODE_WORKER_LIMIT_TRANSPORTS',
    6000,
    'The same for each worker: transports.',
  ),
  workerLimitTracks: limit('SKEIN_NODE_WORKER_LIMIT_TRACKS', 10_000, 'The same for each worker: tracks.'),
  workerLimitSubscriptions: limit(
    'SKEIN_NODE_WORKER_LIMIT_SUBSCRIPTIONS',
    100_000,
    'The same for each worker: subscriptions.',
  ),
} as const;
