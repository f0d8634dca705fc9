import { z } from 'zod';

/** Statistics of a distribution that can be bounded. */
export const statistics = ['p50', 'p95', 'p99', 'max'] as const;
export type Statistic = (typeof statistics)[number];

/** Distributions, in milliseconds. */
export const distributions = {
  joinMs: 'from opening the signaling socket to the answer of the join',
  answerMs: 'from the join request to its answer',
  firstPacketMs: 'from the beginning of a join to the first packet received',
  firstKeyFrameMs: 'from the beginning of a join to the first whole key frame of a video',
  latencyMs: 'one way, from the sending peer to the receiving one',
  jitterMs: 'interarrival jitter (RFC 3550), of each stream in each second',
  longestGapMs: 'longest time without a packet, of each stream in each second',
} as const;
export type Distribution = keyof typeof distributions;

/** Single figures, each bounded from above. */
export const scalars = {
  loss: 'share of packets that were sent on but did not arrive, 0 to 1',
  joinsFailed: 'joins that were not answered as they should be',
  peersLost: 'peers whose session ended although they did not leave',
  silentSubscriptions: 'subscriptions that brought no packet at the end',
  cpuUsPerPacket: 'CPU of the media nodes, microseconds per packet that a peer received',
  nodeBytesPerParticipant: 'memory of the media nodes, for each participant',
  gatewayBytesPerConnection: 'memory of the gateways, for each connection',
  redisCommandsPerJoin: 'commands that Redis ran for one join, those inside of scripts too',
  redisScriptsPerJoin: 'scripts that Redis ran for one join',
  natsMessagesPerJoin: 'messages that NATS was given for one join',
  judgeFreezes: 'times that a picture in Chromium stood still for more than half a second',
} as const;
export type Scalar = keyof typeof scalars;

const atMost = z.number({ error: 'write the greatest number that is allowed' }).min(0, {
  error: 'write the greatest number that is allowed, 0 or more',
});

const bounds = z.union(
  [
    atMost.transform((max) => ({ max })),
    z.strictObject({ p50: atMost, p95: atMost, p99: atMost, max: atMost }).partial(),
  ],
  { error: 'write a number for the greatest value, or bounds such as {p95: 200, max: 1000}' },
);

const optional = <Keys extends string, Value extends z.ZodType>(
  keys: Readonly<Record<Keys, unknown>>,
  value: Value,
) =>
  Object.fromEntries(Object.keys(keys).map((key) => [key, value.optional()])) as Record<
    Keys,
    z.ZodOptional<Value>
  >;

/** What has to hold at the end; every bound is a greatest value. */
export const thresholdSchema = z
  .strictObject({ ...optional(distributions, bounds), ...optional(scalars, atMost) })
  .default({});

export type Thresholds = z.output<typeof thresholdSchema>;
