import { startCluster, type LocalCluster } from '@skein/local-cluster';
import {
  eventually,
  launchBrowser,
  MeetingPage,
  Network,
  type Browser,
  type NetworkHost,
} from '@skein/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What the node may send to the thin viewer; 100 ms of it wait, and what comes above is dropped. */
const KBIT_PER_SECOND = 1000;
const QUEUE_BYTES = 12_500;
const MEASURED_MS = 20_000;
const SOUND_GAP_BOUND_MS = 300;
/** Share of the sound. A screen in one layer takes 5 % of it from the thin viewer. */
const CONCEALED_BOUND = 0.02;
const SCREEN = { width: 1920, height: 1080 };

/** Limits what the host sends to one UDP port, and nothing else. */
async function narrowPort(host: NetworkHost, port: number): Promise<void> {
  const commands = [
    'qdisc add dev eth0 root handle 1: htb default 10',
    'class add dev eth0 parent 1: classid 1:10 htb rate 1gbit quantum 60000',
    `class add dev eth0 parent 1: classid 1:20 htb rate ${KBIT_PER_SECOND}kbit ceil ${KBIT_PER_SECOND}kbit burst 3000`,
    `qdisc add dev eth0 parent 1:20 bfifo limit ${QUEUE_BYTES}`,
    'filter add dev eth0 parent 1: protocol ip u32 match ip protocol 17 0xff ' +
      `match ip dport ${port} 0xffff flowid 1:20`,
  ];
  for (const command of commands) await host.run('tc', ...command.split(' '));
}

/** What one viewer heard and saw. */
interface Watched {
  /** The longest stretch of sound that the browser had to make up. */
  readonly soundGapMs: number;
  /** Share of all sound that it had to make up. */
  readonly concealed: number;
  /** Sizes in which the screen was shown. */
  readonly screenHeights: readonly number[];
}

// One call, told in order.
describe('a viewer with 1 Mbit/s while somebody shares a screen', () => {
  const room = 'thin-viewer';
  let network: Network;
  let cluster: LocalCluster;
  let browser: Browser;
  let ada: MeetingPage;
  let thin: MeetingPage;
  let wide: MeetingPage;
  let seen: { readonly thin: Watched; readonly wide: Watched };

  const join = (name: string, role: 'participant' | 'viewer'): Promise<MeetingPage> =>
    MeetingPage.join(browser, cluster.gateways[0]!.url, { room, name, role, initScript: keepConnections });

  beforeAll(async () => {
    network = await Network.create();
    const node = await network.host('media-node-1');
    cluster = await startCluster({
      gateways: 1,
      mediaNodes: 1,
      hosts: { 'media-node-1': node },
      serverAddress: network.address,
    });
    browser = await launchBrowser();
    ada = await join('ada', 'participant');
    await ada.press('camera');
    [thin, wide] = [await join('thin', 'viewer'), await join('wide', 'viewer')];
    const ports = await eventually('the thin viewer receives', async () => {
      const found = await thin.page.evaluate(portsOfMedia);
      if (found.length !== 1) throw new Error(`ports ${found.join()}`);
      return found;
    });
    await narrowPort(node, ports[0]!);
    // Timers of a page that nobody sees run once a second.
    await ada.page.bringToFront();
    await ada.shareCanvas(SCREEN);
    const watch = (viewer: MeetingPage): Promise<Watched> => viewer.page.evaluate(watchMedia, MEASURED_MS);
    const [byThin, byWide] = await Promise.all([watch(thin), watch(wide)]);
    seen = { thin: byThin, wide: byWide };
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await cluster?.stop();
    await network?.[Symbol.asyncDispose]();
  });

  it('hears everything', () => {
    expect(seen.thin.soundGapMs).toBeLessThanOrEqual(SOUND_GAP_BOUND_MS);
    expect(seen.thin.concealed).toBeLessThan(CONCEALED_BOUND);
  });

  it('takes nothing from others, who hear everything and see the screen in full size', () => {
    expect(seen.wide.soundGapMs).toBeLessThanOrEqual(SOUND_GAP_BOUND_MS);
    expect(seen.wide.concealed).toBeLessThan(CONCEALED_BOUND);
    expect(seen.wide.screenHeights).toContain(SCREEN.height);
  });
});

interface PageWithConnections {
  connections: RTCPeerConnection[];
}

/** Runs before the page's own scripts. */
function keepConnections(): void {
  const page = globalThis as unknown as PageWithConnections;
  page.connections = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      page.connections.push(this);
    }
  };
}

/** The page's own ports that are in use. */
async function portsOfMedia(): Promise<number[]> {
  const ports: number[] = [];
  for (const connection of (globalThis as unknown as PageWithConnections).connections) {
    const report = (await connection.getStats()) as unknown as Map<string, Record<string, unknown>>;
    const transport = [...report.values()].find(({ type }) => type === 'transport');
    const pair = report.get(String(transport?.['selectedCandidatePairId']));
    const local = report.get(String(pair?.['localCandidateId']));
    if (local) ports.push(Number(local['port']));
  }
  return ports;
}

/** Watches the page's only sound and picture for so long. */
async function watchMedia(forMs: number): Promise<Watched> {
  const { connections } = globalThis as unknown as PageWithConnections;
  const read = async () => {
    const reports = await Promise.all(connections.map((connection) => connection.getStats()));
    const stats = reports
      .flatMap((report) => [...(report as unknown as Map<string, Record<string, unknown>>).values()])
      .filter(({ type }) => type === 'inbound-rtp');
    const audio = stats.find(({ kind }) => kind === 'audio') ?? {};
    // The camera is a picture too, and a small one; a probe for bandwidth has no size.
    const video = stats.find(({ frameHeight }) => Number(frameHeight ?? 0) > 400) ?? {};
    const number = (value: unknown): number => Number(value ?? 0);
    return {
      atMs: performance.now(),
      samples: number(audio['totalSamplesReceived']),
      concealed: number(audio['concealedSamples']),
      frames: number(video['framesDecoded']),
      height: number(video['frameHeight']),
    };
  };
  const first = await read();
  let [before, last] = [first, first];
  let [gapSamples, soundGapMs] = [0, 0];
  const heights = new Set<number>();
  while (before.atMs - first.atMs < forMs) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    last = await read();
    const [samples, concealed] = [last.samples - before.samples, last.concealed - before.concealed];
    // A read in which more was heard than made up ends the gap.
    gapSamples = concealed * 2 > samples ? gapSamples + concealed : samples > 0 ? 0 : gapSamples;
    soundGapMs = Math.max(soundGapMs, gapSamples / 48);
    if (last.frames > before.frames) heights.add(last.height);
    before = last;
  }
  const shareOf = (part: number, whole: number): number => part / Math.max(1, whole);
  return {
    soundGapMs,
    concealed: shareOf(last.concealed - first.concealed, last.samples - first.samples),
    screenHeights: [...heights],
  };
}
