export { Bench } from './bench.js';
export { runJoinBurst } from './join-burst.js';
export { runRound } from './rounds.js';
export { SIX_ON_THREE } from './scenario.js';
export { scenarios } from './scenarios/index.js';
//# sourceMappingURL=index.js.map