import type { ClusterStore } from '@skein/cluster';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';

export const LEADER_TTL_MS = 3000;
export const RENEW_EVERY_MS = 1000;
/** A holder stops acting this long before its lease runs out: an action takes its time. */
const SAFETY_MS = 500;

export interface LeadershipParts {
  readonly lease: Pick<ClusterStore['leader'], 'hold' | 'release'>;
  readonly holderId: string;
  readonly clock: Clock;
  readonly log: Logger;
}

type Position =
  | { readonly state: 'following' }
  | { readonly state: 'leading'; readonly fence: number; readonly untilMs: number };

/** Takes part in the election of the one control that acts. */
export class Leadership {
  readonly #parts: LeadershipParts;
  #position: Position = { state: 'following' };
  #timer: Disposable | undefined;
  #stopped = false;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
  }

  /** Whether this control may act, as far as it knows; `confirm` asks the store. */
  get leading(): boolean {
    return this.#position.state === 'leading' && this.#parts.clock.monotonicMs() < this.#position.untilMs;
  }

  start(): void {
    this.#timer = this.#parts.clock.every(RENEW_EVERY_MS, () => void this.#renew());
    void this.#renew();
  }

  /**
   * To be asked right before acting: renews, and answers with the lease's number if it is still the one it was. The act
   * takes it to the store, which refuses it once another control has a higher one. Never rejects.
   */
  async confirm(): Promise<number | undefined> {
    if (!this.leading || this.#position.state !== 'leading') return undefined;
    const { fence } = this.#position;
    return (await this.#renew()) === fence ? fence : undefined;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    if (this.#position.state === 'following') return;
    this.#position = { state: 'following' };
    const { lease, holderId, log } = this.#parts;
    await lease
      .release(holderId)
      .catch((error: unknown) => log.debug({ err: error }, 'the reconciler’s lease will run out by itself'));
  }

  async #renew(): Promise<number | undefined> {
    const { lease, holderId, clock, log } = this.#parts;
    const untilMs = clock.monotonicMs() + LEADER_TTL_MS - SAFETY_MS;
    try {
      const fence = await lease.hold(holderId, LEADER_TTL_MS);
      if (this.#stopped) return undefined;
      if (fence === undefined) this.#become({ state: 'following' }, 'another control holds the lease');
      else this.#become({ state: 'leading', fence, untilMs }, 'the lease was free');
      return fence;
    } catch (error) {
      log.debug({ err: error }, 'the lease of the reconciler could not be renewed');
      if (!this.leading) this.#become({ state: 'following' }, 'the store does not answer');
      return undefined;
    }
  }

  #become(position: Position, reason: string): void {
    const from = this.#position;
    this.#position = position;
    if (from.state === position.state) return;
    const fence = position.state === 'leading' ? position.fence : undefined;
    this.#parts.log.info(
      { event: 'reconciler', from: from.state, to: position.state, fence, reason },
      position.state === 'leading' ? 'this control reconciles now' : 'this control no longer reconciles',
    );
  }
}
