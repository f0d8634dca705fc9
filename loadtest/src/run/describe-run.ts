import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import type { ClusterSample } from '../measure/cluster/cluster-sample.ts';
import type { JudgeFigures, LoadDocument, MachineFigures, Target, Verdict } from '../report/document.ts';
import { judge, verdictProblem } from '../report/verdicts.ts';
import type { Scenario } from '../scenario/schema.ts';
import { bottlenecks } from './bottlenecks.ts';
import type { Executor } from './executor.ts';
import { figuresOf } from './figures.ts';
import { machineLimits } from './machine-limits.ts';
import type { Observation } from './observation.ts';
import type { RunPlan } from './plan/plan.ts';
import { sampleOf } from './samples.ts';

/** All that is known when a run is over. */
export interface RunFacts {
  readonly options: {
    readonly scenario: Scenario;
    readonly signal: AbortSignal;
    readonly warnings: readonly string[];
  };
  readonly plan: RunPlan;
  readonly target: Target;
  readonly observation: Observation;
  readonly executor: Pick<Executor, 'answered' | 'failures' | 'lateSteps'>;
  readonly judges: readonly JudgeFigures[];
  readonly rest: { readonly from: ClusterSample; readonly to: ClusterSample } | undefined;
  readonly startedAtMs: number;
  readonly ranMs: number;
  /** Why the run was given up. */
  readonly hopeless: string | undefined;
}

/** Puts the document together. */
export function describeRun(facts: RunFacts): LoadDocument {
  const { options, plan, target, observation, executor, judges, rest, startedAtMs, ranMs, hopeless } = facts;
  const { scenario, signal } = options;
  const { intervals } = observation.timeline;
  const { peersLost, peersMoved, events } = observation;
  const figures = figuresOf({
    ...{ intervals, fullFromMs: plan.fullFromMs, rest, judges, peersLost, peersMoved },
    joinsPlanned: plan.joins,
    joinsAnswered: executor.answered,
    joinsFailed: executor.failures.total,
  });
  const samples = intervals.map(sampleOf);
  const verdicts = judge(scenario.thresholds, figures, target.kind);
  const problems = problemsOf(facts, verdicts);
  const { name, about, seed, duration: durationMs } = scenario;
  return {
    schemaVersion: 1,
    scenario: { name, about, seed, durationMs },
    target,
    machine: machine(),
    startedAtMs,
    ranMs: Math.round(ranMs),
    fullFromMs: plan.fullFromMs,
    ended: endOf(signal, hopeless),
    ok: problems.length === 0,
    problems,
    bottlenecks: bottlenecks(samples, { late: executor.lateSteps, all: plan.steps.length }, figures.udpDrops),
    verdicts,
    figures,
    failures: executor.failures.all,
    troubles: observation.troubles.all,
    events,
    samples,
  };
}

function endOf(signal: AbortSignal, hopeless: string | undefined): LoadDocument['ended'] {
  if (hopeless !== undefined) return 'given-up';
  return signal.aborted ? 'interrupted' : 'finished';
}

function problemsOf(
  { options, observation, executor, hopeless, judges }: RunFacts,
  verdicts: readonly Verdict[],
): string[] {
  const unmet = verdicts.map(verdictProblem).filter((problem) => problem !== undefined);
  // A page tells of every connection that a fault has cut.
  const ofJudges = judges.flatMap(({ name, seen, problems }) =>
    seen === 0 || options.scenario.faults.length === 0
      ? problems.slice(0, 1).map((one) => `${name}: ${one}`)
      : [],
  );
  return [
    ...(hopeless === undefined ? [] : [hopeless]),
    ...(options.signal.aborted && hopeless === undefined ? ['the run was interrupted'] : []),
    ...(executor.answered === 0 && hopeless === undefined ? ['nobody joined'] : []),
    ...observation.problems,
    ...machineLimits(
      executor.failures.all,
      [...observation.troubles.all, ...observation.losses.all],
      options.warnings,
    ),
    ...unmet,
    ...ofJudges,
  ];
}

function machine(): MachineFigures {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    system: `${type()} ${release()} ${arch()}, Node ${process.version}`,
  };
}
