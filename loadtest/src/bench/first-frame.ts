import { startCluster, type ClusterOptions } from '@skein/local-cluster';
import { seededRandom, systemClock } from '@skein/runtime';
import { type PeerProcess, startPeerProcess } from '@skein/native-peer';
import { openLoop } from './arrivals.ts';
import type { Bench, BenchContext } from './bench.ts';
import { figuresOf, type Seen } from './first-frame/figures.ts';
import { FirstViews } from './first-frame/first-views.ts';
import { newcomersOf, nodeOf, type Newcomer, type NewcomersPlan } from './first-frame/newcomers.ts';

// In the long form each room is left alone for 6 s between newcomers, so that the pipe behind the last one has gone.
const PLANS: Readonly<Record<BenchContext['form'], NewcomersPlan>> = {
  long: { rooms: 10, rounds: 15, everyMs: 600 },
  short: { rooms: 3, rounds: 3, everyMs: 600 },
};

/** As a browser's camera is sent: three encodings, key frames only when they are asked for. */
const PUBLISH = [{ source: 'microphone' }, { source: 'camera', keyFramesWhenAsked: true }] as const;
const CLUSTER: ClusterOptions = { gateways: 1, mediaNodes: 3, workersPerNode: 1, controls: 0 };
const TRACKS_FLOW_DEADLINE_MS = 20_000;
const POLL_MS = 200;
/** From the first flow on: bandwidth estimates and key frames of the beginning. */
const SETTLE_MS = 2000;
const FRAME_DEADLINE_MS = 5000;
/** After the first picture. */
const STAY_MS = 500;

/**
 * How long a newcomer waits for the first picture of somebody who sends already, from the moment that its socket is about
 * to be opened: join, ICE, DTLS and a whole key frame. The baseline is a newcomer on the publisher's own node. Publishers
 * give key frames as libwebrtc does (`KeyFrameRequests`), and newcomers take up to 200 ms more for ICE and DTLS than a
 * native peer needs: at once, they would catch the key frame that the opening of a pipe asks for, as few browsers do.
 */
export const firstFrame: Bench = {
  name: 'first-frame',
  what: 'Time from join to the first video frame of another node: that has a viewer there already, or none yet.',
  budgets: [
    { figure: 'firstFrameMs.p95', max: 500 },
    { figure: 'failed', max: 0 },
  ],
  async run(context) {
    const { seed, signal } = context;
    const plan = PLANS[context.form];
    context.say('starting a cluster of three media nodes');
    await using cluster = await startCluster(CLUSTER);
    await using senders = await startPeerProcess({ seed });
    await using newcomers = await startPeerProcess({ seed: seed + 1 });
    const nodes = cluster.mediaNodes.map(({ nodeId }) => nodeId);
    const url = cluster.gateways[0]?.address ?? '';
    await fillRooms(senders, { url, nodes, rooms: plan.rooms }, signal);
    await systemClock.sleep(SETTLE_MS, signal);
    const comers = newcomersOf(plan, seededRandom(seed));
    context.say(`${comers.length} people join`);
    const seen: Seen[] = [];
    using views = new FirstViews(newcomers, systemClock);
    const report = await openLoop(
      comers.map(({ atMs }) => atMs),
      async (index) => {
        const { room, place, connectDelayMs } = comers[index] as Newcomer;
        const peerId = `newcomer-${index}`;
        const nodeId = nodeOf(nodes, room, place);
        const join = () => newcomers.join({ peerId, url, room: roomName(room), nodeId, connectDelayMs });
        try {
          seen.push({ place, view: await views.follow(peerId, FRAME_DEADLINE_MS, join) });
          await systemClock.sleep(STAY_MS, signal);
        } finally {
          await newcomers.leave(peerId);
        }
      },
      { clock: systemClock, signal },
    );
    if (report.firstFailure !== undefined)
      context.say(`${report.failed} saw nothing: ${report.firstFailure}`);
    return { ...figuresOf(seen), failed: report.failed, lateMs: { ...report.lateMs }, rooms: plan.rooms };
  },
};

function roomName(room: number): string {
  return `room-${room}`;
}

/** In each room one who sends, and one on another node who watches all along. */
async function fillRooms(
  senders: PeerProcess,
  { url, nodes, rooms }: { url: string; nodes: readonly string[]; rooms: number },
  signal: AbortSignal,
): Promise<void> {
  for (let index = 0; index < rooms; index++) {
    signal.throwIfAborted();
    const room = roomName(index);
    const join = (who: string, nodeId: string, publish: typeof PUBLISH | undefined) =>
      senders.join({ peerId: `${who}-${index}`, url, room, nodeId, ...(publish && { publish }) });
    await join('publisher', nodeOf(nodes, index, 'sameNode'), PUBLISH);
    await join('viewer', nodeOf(nodes, index, 'carried'), undefined);
  }
  const wanted = rooms * PUBLISH.length;
  const endMs = systemClock.monotonicMs() + TRACKS_FLOW_DEADLINE_MS;
  while ((await senders.report()).state.flowing < wanted) {
    if (systemClock.monotonicMs() > endMs)
      throw new Error(`${wanted} subscriptions did not flow within ${TRACKS_FLOW_DEADLINE_MS} ms`);
    await systemClock.sleep(POLL_MS, signal);
  }
}
