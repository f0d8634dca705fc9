import { mediaLost } from '../judging/bounds.ts';
import { SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';

export const pipePartition: Scenario = {
  name: 'pipe-partition',
  what: 'Two media nodes lose each other, in both directions or in one; all else still reaches both.',
  setting: { ...SIX_ON_THREE, hosts: 'network' },
  rounds: 4,
  recovers: 'media',
  impact: 'certain',
  // A pipe is missed after some 2 s without a packet; another way through a third node is made within a second or two.
  bounds: mediaLost({ p95: 4_000, max: 4_500 }),

  async fault(stage) {
    const [one, other] = await stage.twoBusyNodes();
    const bothWays = stage.random() < 0.5;
    await stage.fault(`${one.name} ${bothWays ? 'and' : 'to'} ${other.name}: cut`, async () => {
      if (bothWays) await stage.network.cutPair(one.name, other.name);
      else await stage.network.cutOneWay(one.name, other.name);
    });
    stage.afterwards('healed', () => stage.network.heal());
    // Long enough for the pipes to be missed.
    await stage.hold({ longMs: 3_000, shortMs: 3_000 });
  },
};
