import { systemClock } from '@skein/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestWires } from '../../testing/wires.ts';
import type { MediaNode } from '../../node/media-node.ts';
import { quickPipes, TestCluster, type TestSession } from '../../testing/cluster.ts';
import { audioParameters } from '../../testing/rtp-parameters.ts';

/** RTP clock ticks in 20 ms of sound. */
const STEP = 960;

const carriesNothing = ({ counts }: MediaNode): boolean =>
  counts.routers + counts.nodePipes + counts.workerPipes === 0;

let cluster: TestCluster;
let wires: TestWires;
let one: MediaNode;
let two: MediaNode;
let three: MediaNode;
let rooms = 0;
let ssrc = 7000;

beforeAll(async () => {
  wires = await TestWires.between(['one', 'two', 'three']);
  cluster = await TestCluster.start(wires);
  const pipePolicy = { ...quickPipes, relayLeaseMs: 300 };
  [one, two, three] = (await Promise.all(
    ['one', 'two', 'three'].map((nodeId) => cluster.addNode({ nodeId, pipePolicy })),
  )) as [MediaNode, MediaNode, MediaNode];
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** One who speaks on node one, and one who listens on node two and subscribes again whenever the track was lost. */
class Talk {
  readonly room = `talk ${++rooms}`;
  readonly ssrc = ++ssrc;
  speaker!: TestSession;
  listener!: TestSession;
  heard: readonly Buffer[] = [];
  /** What came of each subscription, one after the other. */
  readonly allHeard: (readonly Buffer[])[] = [];
  subscriptionId = '';
  losses = 0;
  #sent = 0;
  #speaking: Disposable | undefined;
  #listening: Promise<void> | undefined;

  async start(): Promise<void> {
    this.speaker = await cluster.join(one, this.room, 'ann');
    this.listener = await cluster.join(two, this.room, 'bob');
    await this.speaker.publishAudio('mic', audioParameters({ ssrc: this.ssrc }));
    await this.#listen();
  }

  /** A packet each 20 ms, until the talk ends. */
  speak(): void {
    this.#speaking = systemClock.every(20, () => {
      const at = this.#sent++;
      const packet = { payloadType: 111, sequenceNumber: at & 0xffff, timestamp: STEP * at };
      cluster.engine.inject(this.ssrc, { ...packet, payload: Buffer.alloc(60, 1) });
      if (this.#isLost && !this.#listening)
        this.#listening = this.#listen()
          .catch(() => undefined)
          .finally(() => (this.#listening = undefined));
    });
  }

  /** Waits until packets have come since now. */
  async hears(withinMs: number): Promise<void> {
    const { heard } = this;
    const before = heard.length;
    await vi.waitUntil(() => this.heard.length > (this.heard === heard ? before : 0), {
      timeout: withinMs,
      interval: 20,
    });
  }

  /** Waits until nothing has come for a while. */
  async goesSilent(): Promise<void> {
    let last = -1;
    const silent = (): boolean => {
      const before = last;
      last = this.heard.length;
      return before === last;
    };
    await vi.waitUntil(silent, { interval: 150, timeout: 3000 });
  }

  async end(): Promise<void> {
    this.#speaking?.[Symbol.dispose]();
    await this.#listening;
    await Promise.all([this.speaker.leave(), this.listener.leave()]);
    await vi.waitUntil(() => [one, two, three].every(carriesNothing), { timeout: 5000 });
  }

  get #isLost(): boolean {
    return this.listener.events.some((event) =>
      JSON.stringify(event).includes(`"subscriptionId":"${this.subscriptionId}","trackId":"mic","reason"`),
    );
  }

  async #listen(): Promise<void> {
    if (this.subscriptionId !== '') this.losses++;
    const subscription = await this.listener.watch('mic');
    this.subscriptionId = subscription.subscriptionId;
    this.heard = this.listener.received(subscription);
    this.allHeard.push(this.heard);
  }

  /** Packets that never came, of those from the `since`-th on that were sent until lately. */
  missed(since: number): readonly number[] {
    const came = new Set(this.allHeard.flat().map((packet) => packet.readUInt32BE(4) / STEP));
    const lately = Math.max(...came) - 10;
    return Array.from({ length: lately - since }, (_, at) => since + at).filter((at) => !came.has(at));
  }

  /** How many packets have been sent. */
  get sent(): number {
    return this.#sent;
  }
}

async function pipesOf(node: MediaNode, room: string): Promise<unknown[]> {
  const { pipes } = await cluster.status(node).getRoomMedia({ room });
  return pipes
    .filter(({ tracksIn, tracksOut }) => tracksIn.length + tracksOut.length > 0)
    .map(({ peerNodeId, tracksIn, tracksOut }) => ({ peerNodeId, tracksIn, tracksOut }));
}

let talk: Talk;
beforeEach(async () => {
  talk = new Talk();
  await talk.start();
});
afterEach(async () => {
  wires.mend();
  await talk.end();
});

describe('a pipe', () => {
  it('a pipe that carries nothing any more is detected and replaced', async () => {
    talk.speak();
    await talk.hears(2000);
    await wires.breakPipes('one', 'two');
    await talk.goesSilent();
    await talk.hears(5000);
    expect(await pipesOf(two, talk.room)).toMatchObject([{ peerNodeId: 'one', tracksIn: ['mic'] }]);
  });

  it('a pipe whose reverse direction is dead is detected and replaced', async () => {
    talk.speak();
    await talk.hears(2000);
    await wires.breakPipes('two', 'one');
    await vi.waitFor(() => expect(talk.losses).toBe(1), { timeout: 5000 });
    await talk.hears(2000);
  });

  it('a pipe with silent tracks does not count as broken', async () => {
    await talk.speaker.request('setTrackMuted', { trackId: 'mic', muted: true });
    const before = await Promise.all([wires.packets('one', 'two'), wires.packets('two', 'one')]);
    // Each end says something each half second: that is 3 s and more in each direction.
    await vi.waitFor(
      async () => {
        const now = await Promise.all([wires.packets('one', 'two'), wires.packets('two', 'one')]);
        expect(Math.min(...now.map((count, at) => count - (before[at] ?? 0)))).toBeGreaterThan(18);
      },
      { timeout: 8000 },
    );
    expect(talk.listener.events).not.toContainEqual(expect.objectContaining({ event: 'subscriptionClosed' }));
  });

  it('a pipe carries on without a gap when its calls break, and mutes still cross', async () => {
    talk.speak();
    await talk.hears(2000);
    const { heard } = talk;
    wires.resetCalls('one', 'two');
    await talk.speaker.request('setTrackMuted', { trackId: 'mic', muted: true });
    await vi.waitFor(
      async () =>
        expect((await talk.listener.request('subscribe', { trackId: 'mic' })).trackMuted).toBe(true),
      { timeout: 2000 },
    );
    await talk.speaker.request('setTrackMuted', { trackId: 'mic', muted: false });
    await talk.hears(2000);
    expect(talk.heard).toBe(heard);
    expect(talk.losses).toBe(0);
  });
});

describe('two nodes that cannot reach each other', () => {
  it('two nodes without a path use a third one outside of the room until it heals', async () => {
    await talk.listener.publishAudio('reply', audioParameters({ ssrc: ++ssrc }));
    await talk.speaker.watch('reply');
    talk.speak();
    await talk.hears(2000);
    wires.cut('one', 'two');
    await talk.goesSilent();
    await talk.hears(8000);
    expect(await pipesOf(two, talk.room)).toMatchObject([{ peerNodeId: 'three', tracksIn: ['mic'] }]);
    await vi.waitFor(
      async () => {
        await talk.speaker.request('subscribe', { trackId: 'reply' });
        expect(await pipesOf(one, talk.room)).toEqual([
          { peerNodeId: 'three', tracksIn: ['reply'], tracksOut: ['mic'] },
        ]);
      },
      { timeout: 8000 },
    );
    expect(three.counts).toMatchObject({ sessions: 0, routers: 1, nodePipes: 2 });

    const { losses, sent } = talk;
    wires.mend();
    await vi.waitFor(
      async () =>
        expect(await pipesOf(two, talk.room)).toMatchObject([{ peerNodeId: 'one', tracksIn: ['mic'] }]),
      { timeout: 10_000 },
    );
    await vi.waitUntil(() => talk.losses > losses, { timeout: 2000 });
    await talk.hears(2000);
    // The listener takes the direct way before the one through the relay goes: nothing is missed.
    await vi.waitUntil(() => talk.sent > sent + 100, { timeout: 5000 });
    expect(talk.missed(sent)).toEqual([]);
    await vi.waitUntil(() => carriesNothing(three), { timeout: 5000 });
  });

  it('a one-way failure routes both directions through a third node', async () => {
    await talk.listener.publishAudio('reply', audioParameters({ ssrc: ++ssrc }));
    await talk.speaker.watch('reply');
    talk.speak();
    await talk.hears(2000);
    wires.cut('one', 'two', { oneWay: true });
    const viaThird = async (node: MediaNode, track: string): Promise<void> =>
      expect(await pipesOf(node, talk.room)).toContainEqual(
        expect.objectContaining({ peerNodeId: 'three', tracksIn: [track] }),
      );
    await vi.waitFor(() => viaThird(two, 'mic'), { timeout: 8000 });
    await vi.waitFor(
      async () => {
        await talk.speaker.request('subscribe', { trackId: 'reply' });
        await viaThird(one, 'reply');
      },
      { timeout: 8000 },
    );
    await talk.hears(2000);
  });

  it('a relay is kept until packets arrive, although calls succeed', async () => {
    talk.speak();
    await talk.hears(2000);
    wires.cut('one', 'two', { calls: false });
    const viaThird = async (): Promise<void> =>
      expect(await pipesOf(two, talk.room)).toMatchObject([{ peerNodeId: 'three', tracksIn: ['mic'] }]);
    await vi.waitFor(viaThird, { timeout: 12_000 });
    await talk.hears(2000);
    // The direct way opens each time that it is tried; 2 s of packets on it show nothing.
    const { losses } = talk;
    const count = talk.heard.length;
    await vi.waitUntil(() => talk.heard.length > count + 120, { timeout: 8000 });
    expect(talk.losses).toBe(losses);
    await viaThird();
  });

  it('a relay that watches the tracks itself gets each packet once', async () => {
    const third = await cluster.join(three, talk.room, 'cho');
    const atThird = await third.watch('mic');
    talk.speak();
    await talk.hears(2000);
    wires.cut('one', 'two');
    await talk.goesSilent();
    await talk.hears(8000);
    const numbers = third.received(atThird).map((packet) => packet.readUInt16BE(2));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(third.events).not.toContainEqual(expect.objectContaining({ event: 'subscriptionClosed' }));
    const crossing = await pipesOf(three, talk.room);
    expect(crossing).toHaveLength(2);
    expect(crossing).toContainEqual({ peerNodeId: 'one', tracksIn: ['mic'], tracksOut: [] });
    expect(crossing).toContainEqual({ peerNodeId: 'two', tracksIn: [], tracksOut: ['mic'] });
    wires.mend();
    await third.leave();
  });
});
