import { busSettings } from '@skein/bus';
import { storeSettings } from '@skein/cluster';
import { setting } from '@skein/runtime';
import { logSettings } from '@skein/telemetry';
import { addressSettings } from './addresses/settings.ts';

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
    { default: '', doc: 'The node’s name in the cluster; made anew at each start when empty.' },
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
} as const;
