import type {
  ClientStream,
  OfferRelayRequest,
  OpenPipeRequest,
  PipeServiceClient,
  PullTrackRequest,
  StreamListener,
  TrackUpdate,
} from '@skein/rpc';
import { SkeinError } from '@skein/protocol';
import { Emitter, seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { MediaSource, PipeEndpoint } from '../media/engine.ts';
import type { MediaKey } from '../media/media-key.ts';
import { audioParameters } from '../testing/rtp-parameters.ts';
import type { RouterAt } from './model/pipe-model.ts';
import type { PipeRoom } from './model/pipe-room.ts';
import { defaultPipePolicy } from './model/pipe-policy.ts';
import { RoomPipes } from './room-pipes.ts';

const origin: RouterAt = { nodeId: 'there', routerId: 't1' };
const relay: RouterAt = { nodeId: 'mid', routerId: 'm1' };
const address = { ip: '127.0.0.1', port: 4000 };
const srtp = { cryptoSuite: 'AEAD_AES_256_GCM' as const, keyBase64: 'a2V5' };

interface Pulling {
  readonly nodeId: string;
  readonly request: PullTrackRequest;
  readonly listener: StreamListener<TrackUpdate>;
}

let clock: FakeClock;
let pulls: Pulling[];
let offers: OfferRelayRequest[];
let sources: MediaSource[];
let pipes: RoomPipes;

beforeEach(() => {
  clock = new FakeClock();
  pulls = [];
  offers = [];
  sources = [];
  let ids = 0;
  const room: PipeRoom = {
    ...{ name: 'lobby', hasSessions: true, hub: 'h1', nodeIds: new Set(['here', 'there', 'mid']) },
    demand: {
      hub: 'h1',
      routers: new Set(['h1']),
      demand: new Map<MediaKey, ReadonlySet<string>>([['mic@1', new Set(['h1'])]]),
      tracks: new Map<MediaKey, RouterAt>([['mic@1', origin]]),
    },
    createPipeEnd: async () => endpoint(),
    sourceAt: () => undefined,
    addSource: (_router, _media, source) => sources.push(source),
    waitForSource: () => Promise.reject(new Error('nothing is relayed here')),
    takeRouterSlot: () => Promise.reject(new Error('nothing is relayed here')),
    holdRelayDemand: () => ({ [Symbol.dispose]: () => {} }),
  };
  pipes = new RoomPipes({
    ...{ nodeId: 'here', room, policy: defaultPipePolicy, clock },
    ...{ random: seededRandom(1), ids: (prefix) => `${prefix}_${++ids}`, log: silentLogger },
    peers: { client: async (nodeId) => peer(nodeId), ready: ['there', 'mid'] },
    onRelayIdle: () => {},
  });
  pipes.changed();
});

function endpoint(): PipeEndpoint {
  return {
    address: { ...address, srtp },
    connect: async () => {},
    send: () => Promise.reject(new Error('nothing is sent from here')),
    receive: async ({ kind, muted }) => source(kind, muted),
    counters: async () => ({ sentBytes: 0, receivedBytes: 0, missedBytes: undefined, rttMs: undefined }),
    sendProbes: async () => {},
    close: () => {},
  };
}

function source(kind: MediaSource['kind'], muted: boolean): MediaSource {
  let closed = false;
  return {
    ...{ id: 'source', kind, type: 'simple', mimeType: 'audio/opus', muted },
    layers: { spatial: 1, temporal: 1 },
    get closed() {
      return closed;
    },
    available: { spatialLayer: 0, temporalLayer: 0 },
    events: new Emitter(),
    setMuted: async () => {},
    setAvailable: () => {},
    bitrates: async () => [[0]],
    packets: async () => 0,
    close: () => void (closed = true),
  };
}

/** Opens pipes, offers to relay, and takes pulls; what comes of these is up to the test. */
function peer(nodeId: string): PipeServiceClient {
  const client: Partial<PipeServiceClient> = {
    openPipe: async ({ caller, routerId }: OpenPipeRequest) => ({
      callee: { nodeId, routerId, instanceId: `${nodeId} of ${caller.instanceId}`, ...address, srtp },
    }),
    offerRelay: async (request: OfferRelayRequest) => {
      offers.push(request);
      return { routerId: relay.routerId };
    },
    pullTrack: (request: PullTrackRequest, listener: StreamListener<TrackUpdate>): ClientStream => {
      pulls.push({ nodeId, request, listener });
      return { cancel: () => {} };
    },
    releaseTrack: async () => ({}),
    closePipe: async () => ({ closed: true }),
  };
  return client as PipeServiceClient;
}

async function pulledFrom(nodeId: string, nth = 1): Promise<Pulling> {
  await vi.waitFor(() => expect(pulls.filter((pull) => pull.nodeId === nodeId)).toHaveLength(nth));
  return pulls.findLast((pull) => pull.nodeId === nodeId) as Pulling;
}

async function flowsFrom(nodeId: string, nth = 1): Promise<MediaSource> {
  const { listener } = await pulledFrom(nodeId, nth);
  const before = sources.length;
  const rtpParametersJson = JSON.stringify(audioParameters({ ssrc: 1 }));
  listener.onUpdate({ update: 'opened', opened: { kind: 'audio', rtpParametersJson, muted: false } });
  await vi.waitFor(() => expect(sources).toHaveLength(before + 1));
  return sources.at(-1) as MediaSource;
}

describe('a pipe', () => {
  it('a pipe is still expected to carry tracks whose pulls have failed', async () => {
    const { listener } = await pulledFrom('there');
    listener.onEnd(SkeinError.unavailable('there'));
    expect(pipes.report()).toMatchObject([{ peerNodeId: 'there', tracksIn: [] }]);
    expect(pipes.monitored).toMatchObject([{ expecting: true }]);
  });

  it('a pipe that the other node gave up is broken at once, and a relay is used', async () => {
    const { request } = await pulledFrom('there');
    const { room, callerInstanceId: ours, calleeInstanceId: theirs } = request;
    pipes.givenUpByPeer({ room, callerInstanceId: 'an earlier one', calleeInstanceId: ours });
    expect(pipes.monitored).toHaveLength(1);
    pipes.givenUpByPeer({ room, callerInstanceId: theirs, calleeInstanceId: ours });
    expect(pipes.monitored).toHaveLength(0);
    const relayed = await pulledFrom('mid');
    expect(relayed.request.relayFrom).toEqual(origin);
    expect(offers).toEqual([
      {
        room,
        originNodeId: 'there',
        givenUp: [{ room, callerInstanceId: ours, calleeInstanceId: theirs }],
      },
    ]);
  });
});

it.each([-3_600_000, -60_000, 60_000])(
  'a failed pull is retried on time when the wall clock jumps by %d ms',
  async (jumpMs) => {
    const { listener } = await pulledFrom('there');
    listener.onEnd(SkeinError.unavailable('there'));
    clock.jumpWallClock(jumpMs);
    await clock.advance(defaultPipePolicy.backoff.firstMs * 2);
    await pulledFrom('there', 2);
  },
);

describe('a track that came through a relay', () => {
  it('a relayed track flows directly before the relay is released, with time to switch', async () => {
    const { request } = await pulledFrom('there');
    const { room, callerInstanceId: ours, calleeInstanceId: theirs } = request;
    pipes.givenUpByPeer({ room, callerInstanceId: theirs, calleeInstanceId: ours });
    const relayed = await flowsFrom('mid');
    let replaced = 0;
    relayed.events.on('replaced', () => replaced++);

    // The direct way is tried again, and works.
    await clock.advance(1000);
    await vi.waitFor(() => expect(pipes.monitored).toHaveLength(2));
    const trial = pipes.monitored.find(({ pipe }) => pipe.peer.nodeId === 'there');
    if (trial) pipes.works(trial.pipe);
    await pulledFrom('there', 2);
    expect([replaced, relayed.closed]).toEqual([0, false]);

    const straight = await flowsFrom('there', 2);
    expect([replaced, relayed.closed]).toEqual([1, false]);
    await clock.advance(defaultPipePolicy.handoverMs);
    expect([relayed.closed, straight.closed]).toEqual([true, false]);
  });
});
