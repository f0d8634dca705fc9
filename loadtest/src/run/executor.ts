import { endsWithin, type Clock } from '@skein/runtime';
import type { Fault } from '../scenario/schema.ts';
import { Failures } from './failures.ts';
import type { Fleet } from './fleet.ts';
import type { RunPlan, Step } from './plan/plan.ts';

export interface ExecutorDeps {
  readonly plan: RunPlan;
  /** Gateways, as many as were planned with. */
  readonly urls: readonly string[];
  readonly fleet: Pick<Fleet, 'join' | 'leave' | 'preferLayers'>;
  readonly clock: Clock;
  /** When the run began, on the monotonic clock. */
  readonly startMs: number;
  readonly injectFault: (fault: Fault) => Promise<void>;
  /** Nobody could join so far: the run is given up. */
  readonly onHopeless: (why: string) => void;
}

/** Concurrent joins; further ones wait, and count as late. */
const MOST_PENDING_JOINS = 4000;
/** The run ends after this many failed joins without a successful one. */
const HOPELESS_JOINS = 5;
/** From here on a step counts as late. */
const LATE_MS = 100;

/** Executes a plan, each step at its time. Failures are counted and do not end the run. */
export class Executor {
  readonly failures = new Failures();
  answered = 0;
  /** Steps that came later than planned because the tool was busy. */
  lateSteps = 0;
  readonly #deps: ExecutorDeps;
  readonly #joining = new Map<string, Promise<void>>();
  readonly #others = new Set<Promise<void>>();

  constructor(deps: ExecutorDeps) {
    this.#deps = deps;
  }

  /** Resolves when the last step is under way; `signal` ends it earlier. */
  async run(signal: AbortSignal): Promise<void> {
    const { plan, clock, startMs } = this.#deps;
    for (const step of plan.steps) {
      const waitMs = startMs + step.atMs - clock.monotonicMs();
      if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => undefined);
      else if (waitMs < -LATE_MS) this.lateSteps++;
      while (this.#joining.size >= MOST_PENDING_JOINS && !signal.aborted) {
        await Promise.race(this.#joining.values());
      }
      if (signal.aborted) return;
      this.#begin(step);
    }
  }

  /** Waits for what is under way, at most `deadlineMs`. */
  async settle(deadlineMs: number): Promise<void> {
    const all = Promise.allSettled([...this.#joining.values(), ...this.#others]);
    await endsWithin(this.#deps.clock, deadlineMs, all);
  }

  #begin(step: Step): void {
    const { fleet, injectFault } = this.#deps;
    switch (step.type) {
      case 'join': {
        const joined = this.#join(step);
        this.#joining.set(step.peer.peerId, joined);
        return;
      }
      case 'leave':
        return this.#follow(step.peerId, () => fleet.leave(step.peerId, step.how));
      case 'layers':
        return this.#follow(step.peerId, () => fleet.preferLayers(step.peerId, step.layers));
      case 'fault':
        return this.#watch(injectFault(step.fault));
    }
  }

  async #join({ peer, gateway }: Extract<Step, { type: 'join' }>): Promise<void> {
    const { fleet, onHopeless, plan, urls } = this.#deps;
    // Its own gateway first, then the others, for when that one goes away.
    const [url = '', ...otherUrls] = [...urls.slice(gateway), ...urls.slice(0, gateway)];
    try {
      await fleet.join({ ...peer, url, otherUrls });
      this.answered++;
    } catch (error) {
      const { code, message } = this.failures.add(error);
      if (this.answered === 0 && this.failures.total >= Math.min(HOPELESS_JOINS, plan.joins)) {
        onHopeless(`nobody could join: ${code}: ${message}`);
      }
    } finally {
      this.#joining.delete(peer.peerId);
    }
  }

  /** After the peer's join, however that ends. */
  #follow(peerId: string, act: () => Promise<void>): void {
    this.#watch((this.#joining.get(peerId) ?? Promise.resolve()).then(act));
  }

  #watch(work: Promise<void>): void {
    // A peer that is lost meanwhile emits its own event.
    const ended = work.catch(() => undefined).finally(() => this.#others.delete(ended));
    this.#others.add(ended);
  }
}
