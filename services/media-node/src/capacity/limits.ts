import { SkeinError } from '@skein/protocol';

/** The resources of a node that clients can use up. */
export const resources = ['sessions', 'rooms', 'transports', 'tracks', 'subscriptions'] as const;
export type Resource = (typeof resources)[number];
export type ResourceCounts = Readonly<Record<Resource, number>>;

/** Hard limits: a node or worker at one of them takes no more, whatever its load. */
export interface CapacityLimits {
  readonly node: ResourceCounts;
  /** `rooms`: rooms that have a router on the worker. */
  readonly worker: ResourceCounts;
}

/** What one more session uses, besides itself. */
export interface SessionNeeds {
  readonly transports: number;
  /** Its room is not on the node, or the worker, yet. */
  readonly bringsRoom: boolean;
}

const RETRY_AFTER_MS = 2000;

export const CapacityError = {
  /** Gateways retry the join on another node. */
  full: (scope: 'node' | 'worker', resource: Resource, limit: number): SkeinError =>
    new SkeinError('LIMIT_EXCEEDED', `this media ${scope} has its ${limit} ${resource}; try again later`, {
      details: { scope, resource, limit },
      retryAfterMs: RETRY_AFTER_MS,
    }),
  workersFull: (): SkeinError =>
    new SkeinError(
      'LIMIT_EXCEEDED',
      'every media worker of this node is at one of its limits; try again later',
      {
        details: { scope: 'worker' },
        retryAfterMs: RETRY_AFTER_MS,
      },
    ),
} as const;

/** The highest share in use of a limit; 1: one of them is reached. Pure. */
export function shareInUse(counts: ResourceCounts, limits: ResourceCounts): number {
  return Math.max(...resources.map((resource) => counts[resource] / limits[resource]));
}

/** The first limit that leaves no capacity for one more session. Pure. */
export function blocksSession(
  counts: ResourceCounts,
  limits: ResourceCounts,
  { transports, bringsRoom }: SessionNeeds,
): Resource | undefined {
  if (counts.sessions >= limits.sessions) return 'sessions';
  if (counts.transports + transports > limits.transports) return 'transports';
  return bringsRoom && counts.rooms >= limits.rooms ? 'rooms' : undefined;
}
