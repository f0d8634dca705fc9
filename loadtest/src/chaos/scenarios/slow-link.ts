import { SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';

// A lost packet comes with the first or second repair, each a round trip of 200 ms at most; a key frame costs some more.
const SLOW = { delayMs: 80, jitterMs: 20, lossPercent: 3 };
const SEEDS = 1_000_000;

export const slowLink: Scenario = {
  name: 'slow-link',
  what: "A media node's host gets a slow and lossy link, to everything; later it heals. Nobody is moved for that.",
  setting: { ...SIX_ON_THREE, hosts: 'network' },
  rounds: 3,
  recovers: 'service',
  impact: 'certain',
  // A newcomer joins while it is slow: some round trips of 200 ms. The repair that is under way when it heals takes another.
  bounds: { recoverMs: { p95: 2_000, max: 3_000 }, longestGapMs: { during: 1_000, after: 500 } },

  async fault(stage) {
    const node = await stage.busyNode();
    const seed = Math.floor(stage.random() * SEEDS);
    await stage.nobodyMoves();
    const { delayMs, jitterMs, lossPercent } = SLOW;
    await stage.fault(`${node.name}: ${delayMs} ms +-${jitterMs} each way, ${lossPercent} % lost`, () =>
      stage.network.impair(node.name, SLOW, seed),
    );
    stage.afterwards(`${node.name}: link healed`, () => stage.network.heal());
    await stage.hold({ longMs: 15_000, shortMs: 2_000 });
    // Joins work meanwhile, on this node too.
    await stage.measureProbeJoin(node);
  },
};
