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
    { default: 'default', doc: 'Participants are placed in the region of their gateway if they can be.' },
  ),
  nodeId: setting.text(
    'SKEIN_NODE_ID',
    { pattern: /^$|^[\w.:-]{1,64}$/, allowed: '1-64 letters, digits and `_ . : -`, or empty' },
    { default: '', doc: 'The node’s name in the cluster; a new one at each start when empty.' },
  ),
  workers: setting.integer(
    'SKEIN_NODE_WORKERS',
    { min: 0, max: 256 },
    { default: 0, doc: 'mediasoup workers; 0: one per core.' },
  ),
  ...addressSettings,
  drainDeadlineMs: setting.integer(
    'SKEIN_NODE_DRAIN_DEADLINE_MS',
    { min: 0, max: 86_400_000, unit: 'milliseconds' },
    {
      default: 600_000,
      doc: 'How long sessions have to move to other nodes, on SIGTERM or `skeinctl node drain`; what is left then is ended here and rebuilt elsewhere.',
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
      doc: 'Share of its core above which a worker takes no more sessions while another one can.',
    },
  ),
  maxWorkerSessions: setting.integer(
    'SKEIN_NODE_MAX_WORKER_SESSIONS',
    { min: 1, max: 100_000, unit: 'sessions' },
    { default: 500, doc: 'Sessions above which a worker takes no more while another one can.' },
  ),
  limitSessions: limit(
    'SKEIN_NODE_LIMIT_SESSIONS',
    10_000,
    'Sessions that the node holds at most. One more is placed on another node; `LIMIT_EXCEEDED` when it was to be this one.',
  ),
  limitRooms: limit('SKEIN_NODE_LIMIT_ROOMS', 10_000, 'Rooms that the node holds at most, some 50 KiB each.'),
  limitTransports: limit(
    'SKEIN_NODE_LIMIT_TRANSPORTS',
    30_000,
    'Transports of the node at most, some 26 KiB each: one or two for each session; ends of pipes count too and are not refused.',
  ),
  limitTracks: limit(
    'SKEIN_NODE_LIMIT_TRACKS',
    40_000,
    'Tracks that the node receives at most, some 21 KiB each; those from other nodes count too and are not refused.',
  ),
  limitSubscriptions: limit(
    'SKEIN_NODE_LIMIT_SUBSCRIPTIONS',
    200_000,
    'Subscriptions of the node at most, some 15 KiB each; tracks sent to other nodes count too and are not refused.',
  ),
  workerLimitSessions: limit(
    'SKEIN_NODE_WORKER_LIMIT_SESSIONS',
    2000,
    'The same for each worker: sessions; the next one is put on another worker.',
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
