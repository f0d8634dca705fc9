import { SIX_ON_THREE, type Scenario } from '../scenario.ts';

/** Of what the host sends. */
const SHARE = 0.85;

export const narrowLink: Scenario = {
  name: 'narrow-link',
  what: "A media node's host may send less than the call needs, for a while. Nobody is moved for that.",
  setting: { ...SIX_ON_THREE, hosts: 'network' },
  rounds: 3,
  recovers: 'healing',
  felt: 'perhaps',
  // While it is narrow nothing can give way, so that pictures freeze for as long as it lasts.
  bounds: { recoverMs: { p95: 1_000, max: 2_000 }, longestGapMs: { during: 12_000, after: 2_000 } },

  async fault(stage) {
    const node = await stage.busyNode();
    const kbitPerSecond = Math.round(SHARE * (await stage.sendingKbitPerSecond(node)));
    await stage.nobodyMoves();
    await stage.fault(`${node.name}: may send ${kbitPerSecond} kbit/s, ${SHARE * 100} % of what it did`, () =>
      stage.network.narrow(node.name, { kbitPerSecond }),
    );
    await stage.hold({ longMs: 10_000, shortMs: 2_000 });
    await stage.heals(`${node.name}: link healed`, () => stage.network.heal());
  },
};
