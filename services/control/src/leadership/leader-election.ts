import type { ClusterStore } from '@skein/cluster';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';

export const LEADER_TTL_MS = 3000;
export const RENEW_EVERY_MS = 1000;
/** The leader stops acting this long before its lease runs out, since an action takes time. */
const SAFETY_MS = 500;

export interface LeaderElectionDeps {
  readonly lease: Pick<ClusterStore['leader'], 'hold' | 'release'>;
  readonly holderId: string;
  readonly clock: Clock;
  readonly log: Logger;
}

type Position =
  | { readonly kind: 'follower' }
  | { readonly kind: 'leader'; readonly fence: number; readonly untilMs: number };

/** Elects the one control that acts, by a lease in the store. */
export class LeaderElection {
  readonly #deps: LeaderElectionDeps;
  #position: Position = { kind: 'follower' };
  #timer: Disposable | undefined;
  #stopped = false;

  constructor(deps: LeaderElectionDeps) {
    this.#deps = deps;
  }

  /** Whether this control holds the lease as far as it knows; `confirm` asks the store. */
  get isLeader(): boolean {
    return this.#position.kind === 'leader' && this.#deps.clock.monotonicMs() < this.#position.untilMs;
  }

  start(): void {
    this.#timer = this.#deps.clock.every(RENEW_EVERY_MS, () => void this.#renew());
    void this.#renew();
  }

  /**
   * Renews the lease right before an action. Returns its fence if that has not changed; the store refuses the action
   * once another control has a higher fence. Never rejects.
   */
  async confirm(): Promise<number | undefined> {
    if (!this.isLeader || this.#position.kind !== 'leader') return undefined;
    const { fence } = this.#position;
    return (await this.#renew()) === fence ? fence : undefined;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    if (this.#position.kind === 'follower') return;
    this.#position = { kind: 'follower' };
    const { lease, holderId, log } = this.#deps;
    await lease
      .release(holderId)
      .catch((error: unknown) =>
        log.debug({ err: error }, 'the leader lease could not be released; it runs out'),
      );
  }

  async #renew(): Promise<number | undefined> {
    const { lease, holderId, clock, log } = this.#deps;
    const untilMs = clock.monotonicMs() + LEADER_TTL_MS - SAFETY_MS;
    try {
      const fence = await lease.hold(holderId, LEADER_TTL_MS);
      if (this.#stopped) return undefined;
      if (fence === undefined) this.#become({ kind: 'follower' }, 'another control holds the lease');
      else this.#become({ kind: 'leader', fence, untilMs }, 'the lease was free');
      return fence;
    } catch (error) {
      log.debug({ err: error }, 'the leader lease could not be renewed');
      if (!this.isLeader) this.#become({ kind: 'follower' }, 'the store does not answer');
      return undefined;
    }
  }

  #become(position: Position, reason: string): void {
    const from = this.#position;
    this.#position = position;
    if (from.kind === position.kind) return;
    const fence = position.kind === 'leader' ? position.fence : undefined;
    this.#deps.log.info(
      { event: 'leader.changed', from: from.kind, to: position.kind, fence, reason },
      position.kind === 'leader' ? 'this control became the leader' : 'this control is no longer the leader',
    );
  }
}
