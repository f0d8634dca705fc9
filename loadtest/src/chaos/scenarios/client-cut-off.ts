import type { MediaNodeProcess } from '@skein/local-cluster';
import { OUTSIDE, SignalClient } from '@skein/testkit';
import { mediaLost } from '../judging/bounds.ts';
import { SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';
import type { Stage } from '../stage/stage.ts';

export const clientCutOff: Scenario = {
  name: 'client-cut-off',
  what: "No client's media reaches a node any more, nor the node's its clients; all else still reaches it.",
  setting: { ...SIX_ON_THREE, hosts: 'network' },
  rounds: 4,
  recovers: 'media',
  impact: 'certain',
  // A browser says after 5 to 8 s that its path is gone; an ICE restart is tried, then media is rebuilt elsewhere.
  bounds: mediaLost({ p95: 15_000, max: 15_000 }),

  async fault(stage) {
    const node = await stage.busyNode();
    const tcpPort = await mediaTcpPort(stage, node);
    await stage.fault(`${node.name}: cut off from its clients' media`, async () => {
      const { network } = stage;
      await network.cutOneWay(OUTSIDE, node.name, { only: { protocol: 'udp' } });
      await network.cutOneWay(node.name, OUTSIDE, { only: { protocol: 'udp' } });
      await network.cutOneWay(OUTSIDE, node.name, { only: { protocol: 'tcp', port: tcpPort } });
    });
    stage.afterwards(`${node.name}: reached again`, () => stage.network.heal());
  },
};

/** Where the node's only worker takes media over TCP, which browsers fall back to. */
async function mediaTcpPort(stage: Stage, node: MediaNodeProcess): Promise<number> {
  await using scout = await SignalClient.open((await stage.busyGateway()).signalUrl);
  const { sendTransport } = await scout.join('client-cut-off', 'scout', { nodeId: node.nodeId });
  const port = sendTransport.iceCandidates.find(({ protocol }) => protocol === 'tcp')?.port;
  await scout.request('leave', {});
  if (port === undefined) throw new Error(`${node.name} offers no TCP`);
  return port;
}
