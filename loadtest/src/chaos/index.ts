export { Bench, type BenchOptions } from './bench.ts';
export { runJoinBurst, type JoinBurstOptions } from './join-burst.ts';
export type { RoundFigures } from './report.ts';
export { runRound } from './rounds.ts';
export { SIX_ON_THREE, type Mix, type Scenario, type Setting } from './scenario.ts';
export { scenarios } from './scenarios/index.ts';
