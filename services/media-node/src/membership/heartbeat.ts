import type { Bus } from '@skein/bus';
import type { NodeRegistry } from '@skein/cluster';
import { SkeinError, subjects, type NodeRecord } from '@skein/protocol';
import { jitter, RoundTrips, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';

/** Interval of heartbeats. Control suspects a node when two are missing. */
export const HEARTBEAT_EVERY_MS = 250;
/** Minimum lease time after a renewal. Its end alone evicts nobody: control probes the node first. */
export const LEASE_TTL_MS = 700;
/** Maximum lease time. */
export const MAX_LEASE_TTL_MS = 10_000;
const STORE = 'store';
/** Deadline for releasing the lease in `stop`. */
const RELEASE_DEADLINE_MS = 1000;

export interface HeartbeatDeps {
  readonly bus: Bus;
  readonly nodes: NodeRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The node's record. `fence`: of its lease; `undefined` before it has one. */
  readonly record: (beat: number, fence: number | undefined) => NodeRecord;
  /**
   * Called when the lease is lost. Resolves `retake` to take a new one, as after an eviction, or `yield` when another
   * process holds it. Called again after a failure.
   */
  readonly onFenced: () => Promise<'retake' | 'yield'>;
}

/**
 * Sends heartbeats four times a second: renews the lease in the registry, and publishes over the bus, for speed. The
 * other nodes, of which there may be many, get only changes.
 */
export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  #beat = 0;
  #fence: number | undefined;
  #timer: Disposable | undefined;
  #renewing: Promise<void> | undefined;
  #failing = false;
  readonly #renewals = new RoundTrips({ minMs: 0, maxMs: MAX_LEASE_TTL_MS, unknownMs: 0 });
  /** What was last published to the other nodes. */
  #published: Pick<NodeRecord, 'state' | 'startedAtMs' | 'fence'> | undefined;
  #started = false;
  #stopped = false;
  #yielded = false;

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
  }

  /** The first heartbeat is sent now, the next ones from a random moment on, so that nodes do not send at once. */
  start(): void {
    const { clock, random } = this.#deps;
    const next = (waitMs: number): void => {
      this.#timer = clock.after(waitMs, () => {
        void this.now();
        next(jitter(HEARTBEAT_EVERY_MS, random, 0.1));
      });
    };
    this.#started = true;
    void this.now();
    next(jitter(HEARTBEAT_EVERY_MS / 2, random, 1));
  }

  /** Sends a heartbeat now, for example after a change of the node's state; none before `start`. Never rejects. */
  async now(): Promise<void> {
    const { bus, log, record, nodes } = this.#deps;
    try {
      if (!this.#started || this.#stopped) return;
      const described = record(this.#beat++, this.#fence);
      bus.publish(subjects.nodeBeat(described.nodeId), described);
      this.#publishChange(described);
      // A slow store gets no second renewal on top of the first.
      if (!this.#yielded)
        this.#renewing ??= this.#renew(nodes, described).finally(() => (this.#renewing = undefined));
      await this.#renewing;
    } catch (error) {
      log.error({ event: 'heartbeat.failed', err: error }, 'a heartbeat failed');
    }
  }

  /** One last beat, then gives the lease back; waits for the store a second at most. */
  async stop(nodeId: string): Promise<void> {
    const { clock, nodes, log } = this.#deps;
    if (!this.#timer) return;
    this.#timer[Symbol.dispose]();
    const over = new AbortController();
    const release = async (): Promise<void> => {
      await this.now();
      this.#stopped = true;
      if (this.#fence !== undefined) await nodes.release(nodeId, this.#fence);
    };
    const failed = (error: unknown): void =>
      log.warn({ event: 'lease.release-failed', err: error }, 'releasing the lease failed; it will expire');
    await Promise.race([
      release().catch(failed),
      clock.sleep(RELEASE_DEADLINE_MS, over.signal).catch(() => {}),
    ]);
    this.#stopped = true;
    over.abort();
  }

  #publishChange(record: NodeRecord): void {
    const { nodeId, state, startedAtMs, fence } = record;
    const published = this.#published;
    // Without a fence, others cannot tell whether this start is the later one; the next heartbeat has it.
    if (published?.state === state && published.startedAtMs === startedAtMs && published.fence === fence)
      return;
    this.#published = { state, startedAtMs, fence };
    this.#deps.bus.publish(subjects.nodeState(nodeId), record);
  }

  async #renew(nodes: NodeRegistry, record: NodeRecord): Promise<void> {
    const { clock, log } = this.#deps;
    try {
      const beganMs = clock.monotonicMs();
      const lease = { fence: this.#fence, ttlMs: leaseTtlMs(this.#renewals.deadlineMs(STORE)) };
      this.#fence = await nodes.renew(record, lease);
      this.#renewals.measured(STORE, clock.monotonicMs() - beganMs);
      if (this.#failing) log.info({ event: 'lease.renewed' }, 'the lease is renewed again');
      this.#failing = false;
    } catch (error) {
      if (error instanceof SkeinError && error.code === 'STALE_EPOCH') return await this.#fenced();
      // Logged once per outage. Media continues: a store that does not answer is no reason to declare a node dead.
      if (!this.#failing)
        log.warn({ event: 'lease.renewal-failed', err: error }, 'renewing the lease failed; retrying');
      this.#failing = true;
    }
  }

  async #fenced(): Promise<void> {
    const { log, onFenced } = this.#deps;
    try {
      if ((await onFenced()) === 'yield') this.#yielded = true;
      else this.#fence = undefined;
    } catch (error) {
      log.warn(
        { event: 'lease.holder-unknown', err: error },
        'reading the holder of the lease failed; retrying',
      );
    }
  }
}

/**
 * The lease time in milliseconds when a renewal takes `renewalMs` including one retransmission: a renewal waits for the
 * previous one, and for the next heartbeat. `LEASE_TTL_MS` where the store is near.
 */
export function leaseTtlMs(renewalMs: number): number {
  const neededMs = 1.8 * HEARTBEAT_EVERY_MS + renewalMs;
  return Math.round(Math.min(MAX_LEASE_TTL_MS, Math.max(LEASE_TTL_MS, neededMs)));
}
