import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startCluster, type LocalCluster } from '@skein/local-cluster';
import { ClusterProbe, launchBrowser, MeetingPage, Network, type NetworkHost } from '@skein/testkit';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const skeinctl = fileURLToPath(new URL('../../services/control/dist/skeinctl/main.js', import.meta.url));
/** Of the documentation (RFC 5737, RFC 3849): nobody is there. */
const NOWHERE = ['192.0.2.77', '2001:db8::77'] as const;

/** Ada on the first node and Ben on the second one see and hear each other. `then`: while they still do. */
async function meet(
  { gateways, mediaNodes }: LocalCluster,
  then: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const browser = await launchBrowser();
  try {
    const join = (name: string, index: number): Promise<MeetingPage> =>
      MeetingPage.join(browser, gateways[0]!.url, { room: 'r', name, nodeId: mediaNodes[index]!.nodeId });
    const ada = await join('ada', 0);
    const ben = await join('ben', 1);
    // A client that tries an address at which nobody is takes no longer than this for the next one.
    await Promise.all([ada.seesAndHears('ben', 5000), ben.seesAndHears('ada', 5000)]);
    await then();
  } finally {
    await browser.close();
  }
}

/** UDP ports on which a host's processes listen. */
async function udpPorts(host: NetworkHost): Promise<number[]> {
  const table = await Promise.all(['udp', 'udp6'].map((file) => host.run('cat', `/proc/net/${file}`)));
  return [...table.join('\n').matchAll(/^\s*\d+: [\dA-F]+:([\dA-F]{4}) /gm)].map(([, port = '']) =>
    parseInt(port, 16),
  );
}

it('nodes on 0.0.0.0 with announced addresses span a room, and clients find the reachable one', async () => {
  await using network = await Network.create();
  const [one, two] = [await network.host('one'), await network.host('two')];
  const everywhere = { SKEIN_NODE_GRPC_HOST: '0.0.0.0', SKEIN_NODE_PIPE_PORTS: '41000-41099' };
  const hosts = {
    'media-node-1': {
      ...{ address: one.address, namespace: one.namespace },
      env: { ...everywhere, SKEIN_NODE_HOST: '0.0.0.0', SKEIN_NODE_ANNOUNCED_ADDRESS: one.address },
    },
    'media-node-2': {
      ...{ address: two.address, namespace: two.namespace },
      env: {
        ...everywhere,
        SKEIN_NODE_HOST: '0.0.0.0,::',
        SKEIN_NODE_ANNOUNCED_ADDRESS: [...NOWHERE, two.address].join(),
        SKEIN_NODE_RTC_PORT: '40000',
        SKEIN_NODE_PIPE_ANNOUNCED_ADDRESS: two.address,
      },
    },
  };
  const cluster = await startCluster({ gateways: 1, mediaNodes: 2, hosts, serverAddress: network.address });
  try {
    using probe = new ClusterProbe(cluster.control!.grpcAddress);
    const told = (await probe.nodes()).map(({ grpcAddress }) => grpcAddress.replace(/:\d+$/, ''));
    expect(told.toSorted()).toEqual([one.address, two.address].toSorted());
    await meet(cluster, async () => {
      const ports = await udpPorts(two);
      expect(ports).toContain(40_000);
      const ofPipes = ports.filter((port) => port !== 40_000);
      expect(ofPipes.length).toBeGreaterThan(0);
      expect(ofPipes.filter((port) => port < 41_000 || port > 41_099)).toEqual([]);
    });
  } finally {
    await cluster.stop();
  }
});

it('a cluster that has IPv6 only, at ::1, carries a call, and skeinctl asks it', async () => {
  const host = '::1';
  const env = {
    ...{ SKEIN_NODE_HOST: host, SKEIN_NODE_GRPC_HOST: host },
    ...{ SKEIN_GATEWAY_HOST: host, SKEIN_CONTROL_GRPC_HOST: host },
  };
  const cluster = await startCluster({ gateways: 1, mediaNodes: 2, env, serverAddress: host });
  try {
    const control = cluster.control!.grpcAddress;
    expect([cluster.gateways[0]!.url, control]).toEqual([
      expect.stringMatching(/^http:\/\/\[::1\]:\d+$/),
      expect.stringMatching(/^\[::1\]:\d+$/),
    ]);
    const { stdout } = await run(process.execPath, [skeinctl, 'nodes', '--json', '--control', control]);
    const { nodes } = JSON.parse(stdout) as { nodes: { grpcAddress: string }[] };
    expect(nodes.map(({ grpcAddress }) => grpcAddress)).toEqual([
      expect.stringMatching(/^\[::1\]:\d+$/),
      expect.stringMatching(/^\[::1\]:\d+$/),
    ]);
    await meet(cluster);
  } finally {
    await cluster.stop();
  }
});
