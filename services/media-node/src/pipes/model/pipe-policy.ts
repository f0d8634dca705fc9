import { DEFAULT_FAN_OUT } from '@skein/cluster';
import type { Backoff } from '../../retry/backoff.ts';

export interface PipePolicy {
  /** How long an idle pipe is kept for the next need. */
  readonly lingerMs: number;
  readonly openDeadlineMs: number;
  readonly closeDeadlineMs: number;
  /** How long a pull may take until its first update. */
  readonly pullDeadlineMs: number;
  /** How long a track stays in its pipe when the call that asked for it broke, until it is asked for again. */
  readonly pullGraceMs: number;
  /** How long a track comes on by its earlier way when it has come by a better one, for viewers to go over. */
  readonly handoverMs: number;
  /** How often the ends of a pipe are counted to see whether it works. */
  readonly probeEveryMs: number;
  /** The same while a pipe is in doubt: something is missing that should have come, or the other node did not answer. */
  readonly probeDoubtfulEveryMs: number;
  /** How long an answer may take at most; from a node whose usual time is known, that and a margin. */
  readonly probeDeadlineMs: number;
  /** How long a node that is to relay keeps the room for the first pull, and after the last one. */
  readonly relayLeaseMs: number;
  /** To how many nodes of a room one sends its tracks itself; more get them through relays. */
  readonly fanOut: number;
  /** Between tries of what failed, while it is needed. */
  readonly backoff: Backoff;
}

export const defaultPipePolicy: PipePolicy = {
  lingerMs: 5000,
  openDeadlineMs: 1000,
  closeDeadlineMs: 1000,
  pullDeadlineMs: 2000,
  pullGraceMs: 2000,
  handoverMs: 4000,
  probeEveryMs: 500,
  probeDoubtfulEveryMs: 100,
  probeDeadlineMs: 1000,
  relayLeaseMs: 5000,
  fanOut: DEFAULT_FAN_OUT,
  backoff: { baseMs: 100, maxMs: 5000 },
};
