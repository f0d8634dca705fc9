import { startCluster, type LocalCluster } from '@skein/local-cluster';
import { launchBrowser, MeetingPage, Network, type Browser, type NetworkHost } from '@skein/testkit';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const RTC_PORT = 43_210;
/** Two pictures of one layer and their sound need more than this, for as long as the link is narrow. */
const NARROW_KBIT_PER_SECOND = 200;
const NARROW_MS = 20_000;
const LATENCY_BOUND_MS = 2_000;
const MEMORY_MARGIN_KIB = 8 * 1024;

/** Limits only what the node sends over ICE-TCP: heartbeats and pipes keep their room. */
async function narrowTcp(host: NetworkHost): Promise<void> {
  const tc = (...args: string[]): Promise<string> => host.run('tc', ...args);
  await tc('qdisc', 'add', 'dev', 'eth0', 'root', 'handle', '1:', 'htb', 'default', '10');
  await tc(
    'class',
    'add',
    'dev',
    'eth0',
    'parent',
    '1:',
    'classid',
    '1:10',
    'htb',
    'rate',
    '1gbit',
    'quantum',
    '60000',
  );
  const rate = `${NARROW_KBIT_PER_SECOND}kbit`;
  await tc(
    'class',
    'add',
    'dev',
    'eth0',
    'parent',
    '1:',
    'classid',
    '1:20',
    'htb',
    'rate',
    rate,
    'ceil',
    rate,
  );
  await tc('qdisc', 'add', 'dev', 'eth0', 'parent', '1:20', 'bfifo', 'limit', '8000');
  const match = [
    'u32',
    'match',
    'ip',
    'protocol',
    '6',
    '0xff',
    'match',
    'ip',
    'sport',
    String(RTC_PORT),
    '0xffff',
  ];
  await tc('filter', 'add', 'dev', 'eth0', 'parent', '1:', 'protocol', 'ip', ...match, 'flowid', '1:20');
}

/** Resident memory of the node's media worker. */
async function workerKib(host: NetworkHost): Promise<number> {
  const pids = (await host.run('ip', 'netns', 'pids', host.namespace)).trim().split('\n');
  const worker = pids.find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('mediasoup'));
  if (worker === undefined) throw new Error('the node has no media worker');
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${worker}/status`, 'utf8'))?.[1]);
}

interface Reading {
  /** Transport protocols of the candidates in use. */
  readonly protocols: readonly string[];
  /** Per stream that the page receives: when its last sender report arrived, minus when it was made. The clocks' offset is in it. */
  readonly reportAgesMs: Readonly<Record<string, number>>;
}

function read(meeting: MeetingPage): Promise<Reading> {
  return meeting.page.evaluate(async () => {
    const protocols: string[] = [];
    const reportAgesMs: Record<string, number> = {};
    for (const connection of (globalThis as unknown as { connections: RTCPeerConnection[] }).connections) {
      const report = (await connection.getStats()) as unknown as Map<string, Record<string, unknown>>;
      const stats = [...report.values()];
      const transport = stats.find(({ type }) => type === 'transport');
      const pair = report.get(String(transport?.['selectedCandidatePairId']));
      const local = report.get(String(pair?.['localCandidateId']));
      if (local) protocols.push(String(local['protocol']));
      for (const { type, ssrc, timestamp, remoteTimestamp } of stats) {
        if (type === 'remote-outbound-rtp')
          reportAgesMs[String(ssrc)] = Number(timestamp) - Number(remoteTimestamp);
      }
    }
    return { protocols, reportAgesMs };
  });
}

// One call, told in order.
describe('a viewer whose network lets no UDP through', () => {
  const room = 'over-tcp';
  let network: Network;
  let node: NetworkHost;
  let cluster: LocalCluster;
  let browser: Browser;
  let viewer: MeetingPage;

  beforeAll(async () => {
    network = await Network.create();
    node = await network.host('media-node-1');
    // Else a segment of up to 64 KiB enters the narrow queue as one packet, longer than the queue itself.
    await node.run('ip', 'link', 'set', 'dev', 'eth0', 'gso_max_segs', '1');
    cluster = await startCluster({
      gateways: 1,
      mediaNodes: 1,
      hosts: { 'media-node-1': node },
      serverAddress: network.address,
      env: { SKEIN_NODE_RTC_PORT: String(RTC_PORT) },
    });
    browser = await launchBrowser();
    for (const name of ['ada', 'ben']) {
      await MeetingPage.join(browser, cluster.gateways[0]!.url, { room, name });
    }
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await cluster?.stop();
    await network?.[Symbol.asyncDispose]();
  });

  it('joins over TCP, sees and hears, and is seen and heard', async () => {
    viewer = await MeetingPage.join(browser, cluster.gateways[0]!.url, {
      room,
      name: 'tess',
      initScript: throughTcpOnly,
    });
    await Promise.all([viewer.seesAndHears('ada'), viewer.seesAndHears('ben')]);
    expect((await read(viewer)).protocols).toEqual(['tcp', 'tcp']);
  });

  it('gets media at most 2 s old over a link that is too narrow, and worker memory is bounded', async () => {
    const beforeKib = await workerKib(node);
    const { reportAgesMs: offsetsMs } = await read(viewer);
    expect(Object.keys(offsetsMs)).toHaveLength(4);
    await narrowTcp(node);
    const endMs = performance.now() + NARROW_MS;
    let worstMs = 0;
    while (performance.now() < endMs) {
      await viewer.page.waitForTimeout(500);
      const { reportAgesMs } = await read(viewer);
      const latenciesMs = Object.entries(reportAgesMs).map(([ssrc, ageMs]) => ageMs - offsetsMs[ssrc]!);
      worstMs = Math.max(worstMs, ...latenciesMs);
    }
    const growthKib = (await workerKib(node)) - beforeKib;
    // Else the link was not too narrow, and this test shows nothing.
    expect(worstMs).toBeGreaterThan(100);
    expect(worstMs).toBeLessThan(LATENCY_BOUND_MS);
    expect(growthKib).toBeLessThan(MEMORY_MARGIN_KIB);
  });

  it('is back to a live picture and sound when the link heals', async () => {
    await node.run('tc', 'qdisc', 'delete', 'dev', 'eth0', 'root');
    await Promise.all([viewer.seesAndHears('ada'), viewer.seesAndHears('ben')]);
  });
});

/** Hides the node's UDP candidates from the page, and keeps the page's connections where the test finds them. */
function throughTcpOnly(): void {
  const page = globalThis as unknown as { connections: RTCPeerConnection[] };
  page.connections = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      page.connections.push(this);
    }

    override setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      const lines = (description.sdp ?? '').split('\r\n');
      const sdp = lines.filter((line) => !/^a=candidate:\S+ \d+ udp /i.test(line)).join('\r\n');
      return super.setRemoteDescription({ type: description.type, sdp });
    }
  };
}
