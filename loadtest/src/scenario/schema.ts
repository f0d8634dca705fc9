import { z } from 'zod';
import { parseDurationMs } from '@skein/runtime';
import { thresholdSchema } from './threshold-schema.ts';

/** Most peers that one scenario may have at a time; more than one machine can play. */
export const MOST_PEERS = 50_000;
/** Longest time that a scenario may speak of. */
export const LONGEST_MS = 7 * 24 * 3_600_000;

const duration = z
  .string({ error: 'write a time with its unit, such as 500ms, 30s, 5m or 1h' })
  .transform((text, context) => {
    const ms = parseDurationMs(text);
    if (ms !== undefined && ms <= LONGEST_MS) return ms;
    context.addIssue({ code: 'custom', message: 'write a time with its unit, such as 500ms, 30s, 5m or 1h' });
    return z.NEVER;
  });

const count = (from: number, to: number) =>
  z
    .int({ error: `write a whole number from ${from} to ${to}` })
    .min(from, { error: `write a whole number from ${from} to ${to}` })
    .max(to, { error: `write a whole number from ${from} to ${to}` });

const word = (what: string) =>
  z
    .string({ error: `write ${what}` })
    .regex(/^[A-Za-z0-9_.:-]{1,64}$/, { error: `write ${what}: 1-64 letters, digits and _ . : -` });

const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `write one of ${words.join(', ')}` });

/** A fixed time, or one drawn evenly between two for each peer. */
const span = z.union(
  [duration.transform((ms) => ({ min: ms, max: ms })), z.strictObject({ min: duration, max: duration })],
  { error: 'write a time such as 30s, or {min: 20s, max: 60s}' },
);

const layers = z.strictObject({ spatial: count(0, 2), temporal: count(0, 3).optional() });

const layerWish = z.union(
  [
    oneOf(['highest', 'lowest']),
    layers,
    z.strictObject({
      /** One of these is drawn for each peer ... */
      choose: z.array(layers).min(1),
      /** ... and again after each such time. */
      every: duration.optional(),
    }),
  ],
  { error: 'write highest, lowest, {spatial: 0-2, temporal: 0-3}, or {choose: [...], every: 10s}' },
);

const joining = z.strictObject({
  /** Joins per second. Either this or `over`. */
  rate: z.number({ error: 'write joins per second, such as 10' }).positive().max(10_000).optional(),
  /** All join within this time. */
  over: duration.optional(),
  /** Since the start of the run. */
  after: duration.default(0),
  /** `even`: one after another at equal distances. `random`: as strangers come (a Poisson process of that rate). */
  arrivals: oneOf(['even', 'random']).default('even'),
});

const video = z.union([z.boolean(), z.strictObject({ layers: count(1, 3) })], {
  error: 'write true (three simulcast layers), false, or {layers: 1-3}',
});

const publishing = z.strictObject({
  audio: z.boolean({ error: 'write true or false' }).default(false),
  video: video.default(false).transform((wish) => {
    if (typeof wish === 'object') return wish;
    return wish ? { layers: 3 } : undefined;
  }),
});

const group = z.strictObject({
  name: word('a name for the group'),
  /** Rooms of different groups are the same when they have the same name. Default: the group's name. */
  roomName: word('a name that rooms begin with').optional(),
  rooms: count(1, 100_000).default(1),
  peersPerRoom: count(1, MOST_PEERS),
  join: joining.default({ over: 0, after: 0, arrivals: 'even' }),
  publish: publishing.default({ audio: false, video: undefined }),
  /** `viewer`: is in nobody's list of participants, and publishes nothing. */
  role: oneOf(['participant', 'viewer']).default('participant'),
  subscribe: oneOf(['all', 'none']).default('all'),
  layers: layerWish.default('highest'),
  /** `signaling`: joins and holds its connection, with no WebRTC transport. */
  connect: oneOf(['media', 'signaling']).default('media'),
  /** How long a peer stays. Default: to the end. */
  stay: span.optional(),
  /** How long it is away before it comes again. Default: it does not. */
  away: span.optional(),
  /** `politely` says so; `vanish` cuts its connections, as a dead battery does. */
  leave: oneOf(['politely', 'vanish']).default('politely'),
  region: word('the name of a region').optional(),
  node: word('the name of a media node').optional(),
  /** Sent along with the join, for clusters that ask for one. */
  token: z.string({ error: 'write the token as text' }).min(1).max(8192).optional(),
});

const cluster = z.strictObject({
  mediaNodes: count(1, 20).default(2),
  gateways: count(1, 20).default(1),
  workersPerNode: count(1, 64).default(1),
  /** Environment of every service: `SKEIN_...`. */
  settings: z
    .record(
      z.string().regex(/^SKEIN_[A-Z0-9_]+$/, { error: 'write the name of a setting of Skein, SKEIN_…' }),
      z.union([z.string(), z.number(), z.boolean()]).transform(String),
    )
    .default({}),
});

const fault = z.strictObject({
  at: duration,
  do: oneOf(['kill', 'restart', 'freeze', 'drain']),
  /** A process of the tool's own cluster, such as `media-node-1`, `gateway-2`, `nats`, `redis` or `control`. */
  target: word('the name of a process, such as media-node-1'),
  /** Of `freeze`: how long. */
  for: duration.default(5000),
});

export const scenarioSchema = z.strictObject({
  name: word('a name'),
  about: z.string({ error: 'write a line of text' }).max(500).default(''),
  seed: count(1, 999_999_999).default(1),
  /** From the first join to the end, joins included. */
  duration,
  cluster: cluster.default({ mediaNodes: 2, gateways: 1, workersPerNode: 1, settings: {} }),
  /** Processes that the peers are spread over. Default: as many as are good for this machine. */
  processes: count(1, 64).optional(),
  groups: z.array(group, { error: 'write a list of groups' }).min(1, { error: 'write at least one group' }),
  /** Chromium pages that join too and see what people see. */
  judges: z
    .strictObject({ count: count(0, 8).default(0), room: word('a room’s name').optional() })
    .default({ count: 0 }),
  faults: z.array(fault, { error: 'write a list of faults' }).default([]),
  thresholds: thresholdSchema,
});

/** A scenario as it is run: everything filled in, times in milliseconds. */
export type Scenario = z.output<typeof scenarioSchema>;
export type Group = Scenario['groups'][number];
export type Fault = Scenario['faults'][number];
export type LayerWish = Group['layers'];
export type Layers = z.output<typeof layers>;
