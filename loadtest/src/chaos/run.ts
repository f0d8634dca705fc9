import { seededRandom, systemClock, type Random } from '@skein/runtime';
import { FaultBench } from './fault-bench.ts';
import type { Violation } from './observing/invariants.ts';
import type { RoundFigures } from './judging/round-figures.ts';
import { summarize, type ChaosSummary, type Outcome } from './judging/report.ts';
import { runRound } from './rounds.ts';
import type { CompositeScenario, Scenario } from './stage/scenario.ts';

export interface RunOptions {
  readonly form: 'long' | 'short';
  readonly seed: number;
  readonly rounds?: number | undefined;
  readonly say: (line: string) => void;
  /** Ends after the round that runs by then, however many rounds were asked for. */
  readonly untilMs?: number | undefined;
  /** Fewer people than the scenario says, for the short form. */
  readonly clients?: number | undefined;
}

/**
 * Runs a scenario's rounds on one call; stops at the first round that does not hold. When something throws, the error
 * carries what was measured by then.
 */
export async function runScenario(
  scenario: Scenario | CompositeScenario,
  options: RunOptions,
): Promise<ChaosSummary> {
  const { form, seed, say } = options;
  const random: Random = seededRandom(seed);
  const setting = { ...scenario.setting, clients: options.clients ?? scenario.setting.clients };
  const bounds = 'picks' in scenario ? {} : scenario.bounds;
  const rounds: RoundFigures[] = [];
  let violations: readonly Violation[] = [];
  let leaks: readonly string[] | undefined;
  const summary = (more: Pick<Outcome, 'error'> = {}): ChaosSummary =>
    summarize({ scenario: scenario.name, seed, bounds, rounds, violations, leaks, ...more });
  try {
    await using bench = await FaultBench.open({ setting, form, random, say });
    violations = bench.violations;
    await playRounds(scenario, bench, options, { rounds, summary });
    const open = await bench.settle();
    if (open.length > 0) throw new Error(`not well at the end: ${open.join('; ')}`);
    leaks = await bench.leaks();
    const result = summary();
    if (result.ok) bench.discardLogs();
    else say(`logs kept in ${bench.logDir}`);
    return result;
  } catch (error) {
    return summary({ error });
  }
}

async function playRounds(
  scenario: Scenario | CompositeScenario,
  { stage, violations }: FaultBench,
  { say, rounds: wanted = scenario.rounds, untilMs = Infinity }: RunOptions,
  { rounds, summary }: { rounds: RoundFigures[]; summary: () => ChaosSummary },
): Promise<void> {
  while (rounds.length < wanted && systemClock.now() < untilMs) {
    say(`round ${rounds.length + 1}`);
    rounds.push(await runRound(scenario, { ...stage, round: rounds.length + 1 }));
    const { recoverMs, longestGapMs, worstPerson } = summary();
    say(
      `so far: recoverMs ${JSON.stringify(recoverMs)}, longestGapMs ${JSON.stringify(longestGapMs)}, worst ${JSON.stringify(worstPerson)}`,
    );
    // What broke once would break every round after it.
    if (rounds.at(-1)?.failed.length || violations.length > 0) break;
  }
}
