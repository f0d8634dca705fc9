import type { Bus } from '@skein/bus';
import type { NodeRegistry } from '@skein/cluster';
import { SkeinError, subjects, type NodeRecord } from '@skein/protocol';
import { jitter, RoundTrips, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';

/** How often a node says that it lives. Control suspects it when two beats are missing. */
export const BEAT_EVERY_MS = 250;
/** How long the lease outlasts its last renewal, at least. That alone evicts nobody: the node is asked first. */
export const LEASE_TTL_MS = 700;
/** And at most. */
export const MAX_LEASE_TTL_MS = 10_000;
/** The store. */
const STORE = 'store';
/** How long `stop` waits for the store to take the lease back. */
const RELEASE_DEADLINE_MS = 1000;

export interface BeatsParts {
  readonly bus: Bus;
  readonly nodes: NodeRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Describes the node; `fence`: that of its lease, `undefined` before it has one. */
  readonly record: (beat: number, fence: number | undefined) => NodeRecord;
  /**
   * The lease is not this node's any more. Resolves `retake` when a new one is to be taken, such as after a burial,
   * `yield` when another start of this node's id holds it. Asked again after a failure.
   */
  readonly onFenced: () => Promise<'retake' | 'yield'>;
}

/**
 * Says four times a second that this node lives: to the registry, as its lease, and over the bus, for speed. The other
 * nodes, of which there may be many, are told of what is new only.
 */
export class Beats {
  readonly #parts: BeatsParts;
  #beat = 0;
  #fence: number | undefined;
  #timer: Disposable | undefined;
  #renewing: Promise<void> | undefined;
  #failing = false;
  readonly #renewals = new RoundTrips({ minMs: 0, maxMs: MAX_LEASE_TTL_MS, unknownMs: 0 });
  /** What the other nodes were last told of. */
  #told: Pick<NodeRecord, 'state' | 'startedAtMs' | 'fence'> | undefined;
  #started = false;
  #stopped = false;
  #yielded = false;

  constructor(parts: BeatsParts) {
    this.#parts = parts;
  }

  /** The first beat goes out now; the next ones from a random moment on, so that nodes don't beat together. */
  start(): void {
    const { clock, random } = this.#parts;
    const next = (waitMs: number): void => {
      this.#timer = clock.after(waitMs, () => {
        void this.now();
        next(jitter(BEAT_EVERY_MS, random, 0.1));
      });
    };
    this.#started = true;
    void this.now();
    next(jitter(BEAT_EVERY_MS / 2, random, 1));
  }

  /** One beat now, such as when the node's state has changed; none before `start`. Never rejects. */
  async now(): Promise<void> {
    const { bus, log, record, nodes } = this.#parts;
    try {
      if (!this.#started || this.#stopped) return;
      const described = record(this.#beat++, this.#fence);
      bus.publish(subjects.nodeBeat(described.nodeId), described);
      this.#tellNews(described);
      // A store that is slow gets no second renewal on top of the first.
      if (!this.#yielded)
        this.#renewing ??= this.#renew(nodes, described).finally(() => (this.#renewing = undefined));
      await this.#renewing;
    } catch (error) {
      log.error({ err: error }, 'a beat failed');
    }
  }

  /** One last beat, then gives the lease back; waits for the store a second at most. */
  async stop(nodeId: string): Promise<void> {
    const { clock, nodes, log } = this.#parts;
    if (!this.#timer) return;
    this.#timer[Symbol.dispose]();
    const over = new AbortController();
    const release = async (): Promise<void> => {
      await this.now();
      this.#stopped = true;
      if (this.#fence !== undefined) await nodes.release(nodeId, this.#fence);
    };
    const failed = (error: unknown): void =>
      log.warn({ err: error }, 'the lease was not given back; it will run out');
    await Promise.race([
      release().catch(failed),
      clock.sleep(RELEASE_DEADLINE_MS, over.signal).catch(() => {}),
    ]);
    this.#stopped = true;
    over.abort();
  }

  #tellNews(record: NodeRecord): void {
    const { nodeId, state, startedAtMs, fence } = record;
    const told = this.#told;
    // Without a fence, others cannot tell whether this start is the later one; it is told with the next beat.
    if (told?.state === state && told.startedAtMs === startedAtMs && told.fence === fence) return;
    this.#told = { state, startedAtMs, fence };
    this.#parts.bus.publish(subjects.nodeState(nodeId), record);
  }

  async #renew(nodes: NodeRegistry, record: NodeRecord): Promise<void> {
    const { clock, log } = this.#parts;
    try {
      const beganMs = clock.monotonicMs();
      const lease = { fence: this.#fence, ttlMs: leaseTtlMs(this.#renewals.deadlineMs(STORE)) };
      this.#fence = await nodes.renew(record, lease);
      this.#renewals.measured(STORE, clock.monotonicMs() - beganMs);
      if (this.#failing) log.info({}, 'the lease is renewed again');
      this.#failing = false;
    } catch (error) {
      if (error instanceof SkeinError && error.code === 'STALE_EPOCH') return await this.#fenced();
      // Said once per outage. Media goes on: nobody is declared dead for a store that does not answer.
      if (!this.#failing) log.warn({ err: error }, 'the lease could not be renewed; trying on');
      this.#failing = true;
    }
  }

  async #fenced(): Promise<void> {
    const { log, onFenced } = this.#parts;
    try {
      if ((await onFenced()) === 'yield') this.#yielded = true;
      else this.#fence = undefined;
    } catch (error) {
      log.warn({ err: error }, 'it is not known who has the lease now; trying on');
    }
  }
}

/**
 * How long a lease has to be, in milliseconds, when a renewal takes `renewalMs` with one lost segment sent again: a renewal
 * waits for the one before, and for the next beat. `LEASE_TTL_MS` where the store is near.
 */
export function leaseTtlMs(renewalMs: number): number {
  const neededMs = 1.8 * BEAT_EVERY_MS + renewalMs;
  return Math.round(Math.min(MAX_LEASE_TTL_MS, Math.max(LEASE_TTL_MS, neededMs)));
}
