import { DEFAULT_FAN_OUT } from '@skein/cluster';
import type { BackoffOptions } from '@skein/runtime';

export interface PipePolicy {
  /** How long an idle pipe stays open for the next demand. */
  readonly lingerMs: number;
  readonly openDeadlineMs: number;
  readonly closeDeadlineMs: number;
  /** Deadline for the first update of a pull. */
  readonly pullDeadlineMs: number;
  /** How long a track stays in its pipe after the pull's call broke, for the puller to call again. */
  readonly pullGraceMs: number;
  /** How long the earlier route of a track flows beside a better one, for viewers to switch. */
  readonly handoverMs: number;
  /** Interval of the health check of pipes. */
  readonly probeEveryMs: number;
  /** The same while a pipe is suspect: expected packets are missing, or the other node did not answer. */
  readonly probeSuspectEveryMs: number;
  /** Deadline of a probe; for a node with a known answer time, that and a margin, if shorter. */
  readonly probeDeadlineMs: number;
  /** How long a relay keeps the room for the first pull, and after the last one. */
  readonly relayLeaseMs: number;
  /** Maximum direct fan-out: how many nodes of a room pull a track from its origin; more pull through relays. */
  readonly fanOut: number;
  /** Between retries, while there is demand. */
  readonly backoff: Pick<BackoffOptions, 'firstMs' | 'maxMs'>;
}

export const defaultPipePolicy: PipePolicy = {
  lingerMs: 5000,
  openDeadlineMs: 1000,
  closeDeadlineMs: 1000,
  pullDeadlineMs: 2000,
  pullGraceMs: 2000,
  handoverMs: 4000,
  probeEveryMs: 500,
  probeSuspectEveryMs: 100,
  probeDeadlineMs: 1000,
  relayLeaseMs: 5000,
  fanOut: DEFAULT_FAN_OUT,
  backoff: { firstMs: 100, maxMs: 5000 },
};
