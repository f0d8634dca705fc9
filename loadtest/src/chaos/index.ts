export { FaultBench, type FaultBenchOptions } from './fault-bench.ts';
export { runJoinBurst, type JoinBurstOptions } from './join-burst.ts';
export type { RoundFigures } from './judging/round-figures.ts';
export { runRound } from './rounds.ts';
export { SIX_ON_THREE, type CompositeScenario, type Scenario, type Setting } from './stage/scenario.ts';
export { scenarios } from './scenarios/index.ts';
