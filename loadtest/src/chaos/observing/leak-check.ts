import { systemClock } from '@skein/runtime';
import { readHoldings, readMemory, type HoldingsDeps } from './adapters/holdings.ts';
import { blindSides, describeGrowth, grown, growthOf, leaksOf, type Holdings } from './leaks.ts';

/** Routers linger for 1 s, pipes for 5 s, what was unsure of its end for 30 s. */
const EMPTY_DEADLINE_MS = 45_000;
const POLL_MS = 250;

/** Compares what a cluster holds before anybody came with what it holds when everybody has gone. */
export class LeakCheck {
  readonly #deps: HoldingsDeps;
  readonly #start: Pick<Holdings, 'subjects'>;
  #warm: Holdings['memory'] = new Map();

  private constructor(deps: HoldingsDeps, start: Pick<Holdings, 'subjects'>) {
    this.#deps = deps;
    this.#start = start;
  }

  /** To be called when all services run and nobody is there. */
  static async begin(deps: HoldingsDeps): Promise<LeakCheck> {
    const { subjects } = await readHoldings(deps);
    return new LeakCheck(deps, { subjects });
  }

  /** To be called when the call has run for a while; counts once. Throws when this check sees nothing of the call. */
  async warm(): Promise<void> {
    if (this.#warm.size > 0) return;
    const blind = blindSides(this.#start, await readHoldings(this.#deps));
    if (blind.length > 0) throw new Error(`leaks could not be found: ${blind.join(', ')}`);
    this.#warm = await readMemory(this.#deps.cluster);
  }

  /** To be called when everybody has left. Waits until nothing is left, or for long; what is left then, in words. */
  async end(say: (line: string) => void): Promise<string[]> {
    const untilMs = systemClock.monotonicMs() + EMPTY_DEADLINE_MS;
    for (;;) {
      const left = leaksOf(this.#start, await readHoldings(this.#deps));
      if (left.length === 0 || systemClock.monotonicMs() >= untilMs) {
        const growths = growthOf(this.#warm, await readMemory(this.#deps.cluster));
        const [most] = growths.toSorted((one, other) => other.moreBytes - one.moreBytes);
        if (most) say(`the process that grew most: ${describeGrowth(most)}`);
        return [...left, ...grown(growths)];
      }
      await systemClock.sleep(POLL_MS);
    }
  }
}
