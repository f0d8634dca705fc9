import { seededRandom, systemClock, type Random } from '@skein/runtime';
import { Bench } from './bench.ts';
import { summarize, type ChaosSummary, type RoundFigures } from './report.ts';
import { runRound } from './rounds.ts';
import type { Scenario } from './scenario.ts';

export interface RunOptions {
  readonly form: 'long' | 'short';
  readonly seed: number;
  readonly rounds?: number | undefined;
  readonly say: (line: string) => void;
  /** Ends after the round that runs by then, however many rounds were asked for. */
  readonly untilMs?: number | undefined;
  /** Fewer people than the scenario says, for the short form. */
  readonly people?: number | undefined;
}

/** Runs a scenario's rounds on one call; stops at the first round that does not hold. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<ChaosSummary> {
  const { form, seed, say, rounds: wanted = scenario.rounds, untilMs = Infinity } = options;
  const random: Random = seededRandom(seed);
  const setting = { ...scenario.setting, people: options.people ?? scenario.setting.people };
  await using bench = await Bench.open({ setting, form, random, say });
  const rounds: RoundFigures[] = [];
  const summary = (): ChaosSummary => {
    const { name, bounds } = scenario;
    return summarize({ scenario: name, seed, bounds, rounds, violations: bench.violations });
  };
  while (rounds.length < wanted && systemClock.now() < untilMs) {
    say(`round ${rounds.length + 1}`);
    rounds.push(await runRound(scenario, { ...bench.stage, round: rounds.length + 1 }));
    const { recoverMs, longestGapMs } = summary();
    say(`so far: recoverMs ${JSON.stringify(recoverMs)}, longestGapMs ${JSON.stringify(longestGapMs)}`);
    // What broke once would break every round after it.
    if (rounds.at(-1)?.failed.length || bench.violations.length > 0) break;
  }
  const result = summary();
  if (result.ok) bench.discardLogs();
  else say(`logs kept in ${bench.logDir}`);
  return result;
}
