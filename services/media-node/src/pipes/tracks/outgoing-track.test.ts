import type { TrackUpdate } from '@skein/rpc';
import { Emitter } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { MediaSource, PipedMedia, PipeEndpoint } from '../../media/engine.ts';
import { OutgoingTrack, type PullStream } from './outgoing-track.ts';

const GRACE_MS = 2000;
const opened = (muted: boolean): TrackUpdate => ({
  update: 'opened',
  opened: {
    kind: 'audio',
    rtpParametersJson: '{"codecs":[],"headerExtensions":[],"encodings":[],"rtcp":{}}',
    muted,
  },
});

class FakeStream implements PullStream {
  readonly sent: TrackUpdate[] = [];
  readonly #closed = new AbortController();

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  send(update: TrackUpdate): boolean {
    this.sent.push(update);
    return !this.closed.aborted;
  }

  end(): void {
    this.#closed.abort();
  }
}

let clock: FakeClock;
let served: OutgoingTrack;
let source: MediaSource;
let copies: number;
let ends: number;
/** Whether the worker can hold layers back. */
let able: boolean;

beforeEach(() => {
  clock = new FakeClock();
  copies = 0;
  ends = 0;
  able = true;
  served = new OutgoingTrack({ media: 'mic@1', clock, graceMs: GRACE_MS, onEnd: () => ends++ });
  const layers = { spatial: 3, temporal: 1 };
  const available = { spatialLayer: 2, temporalLayer: 0 };
  const events: MediaSource['events'] = new Emitter();
  source = { muted: false, closed: false, layers, available, events } as Partial<MediaSource> as MediaSource;
});

async function open(stream: PullStream, pullId = 'p1'): Promise<void> {
  const rtpParameters: PipedMedia['rtpParameters'] = {
    codecs: [],
    headerExtensions: [],
    encodings: [],
    rtcp: {},
  };
  const send: PipeEndpoint['send'] = async () => {
    copies++;
    return { kind: 'audio', rtpParameters, setLayers: async () => able, close: () => copies-- };
  };
  served.attach(pullId, stream);
  await served.open({ send } as Partial<PipeEndpoint> as PipeEndpoint, source);
}

describe('a track that another node pulls', () => {
  it('a pulled track survives a broken call, and its puller resumes it', async () => {
    const first = new FakeStream();
    await open(first);
    first.end();
    source.events.emit('muted', { muted: true });
    await clock.advance(GRACE_MS - 1);
    const second = new FakeStream();
    served.attach('p1', second);
    await clock.advance(GRACE_MS);
    expect([first.sent, second.sent]).toEqual([[opened(false)], [opened(true)]]);
    expect([copies, ends]).toEqual([1, 0]);
  });

  it('a pulled track ends when its puller does not return', async () => {
    const stream = new FakeStream();
    await open(stream);
    stream.end();
    await clock.advance(GRACE_MS);
    expect([copies, ends]).toEqual([0, 1]);
  });

  it('a release ends the track at once, unless it is of an earlier pull', async () => {
    const stream = new FakeStream();
    await open(stream, 'p2');
    served.release('p1');
    expect(copies).toBe(1);
    served.release('p2');
    expect([copies, ends, stream.closed.aborted]).toEqual([0, 1, true]);
  });

  it('a pulled track is sent once when its puller returns before the loss was noticed', async () => {
    const [first, second] = [new FakeStream(), new FakeStream()];
    await open(first);
    served.attach('p1', second);
    await clock.advance(GRACE_MS);
    expect([copies, ends, first.closed.aborted, second.closed.aborted]).toEqual([1, 0, true, false]);
  });

  it('a pulled track ends with its source', async () => {
    const stream = new FakeStream();
    await open(stream);
    source.events.emit('closed', { reason: 'unpublished' });
    expect(stream.sent.at(-1)).toEqual({ update: 'closed', closed: { reason: 'unpublished' } });
    expect([copies, ends, stream.closed.aborted]).toEqual([0, 1, true]);
  });

  const told = (spatialLayer: number): TrackUpdate => ({
    update: 'layers',
    layers: { spatialLayer, temporalLayer: 0 },
  });

  it('held-back layers are announced, to a returning puller too, and when they are back', async () => {
    const [first, second] = [new FakeStream(), new FakeStream()];
    await open(first);
    await served.setLayers({ spatialLayer: 1, temporalLayer: 0 });
    served.attach('p1', second);
    await served.setLayers(undefined);
    expect(first.sent).toEqual([opened(false), told(1)]);
    expect(second.sent).toEqual([opened(false), told(1), told(2)]);
  });

  it('missing layers are announced onwards, combined with those held back here', async () => {
    const stream = new FakeStream();
    await open(stream);
    const arrives = (spatialLayer: number): void => {
      Object.assign(source, { available: { spatialLayer, temporalLayer: 0 } });
      source.events.emit('available', { layers: source.available });
    };
    arrives(1);
    await served.setLayers({ spatialLayer: 0, temporalLayer: 0 });
    arrives(2);
    await served.setLayers(undefined);
    expect(stream.sent).toEqual([opened(false), told(1), told(0), told(2)]);
  });

  it('a worker that cannot hold layers back sends all, and announces nothing', async () => {
    const stream = new FakeStream();
    able = false;
    await open(stream);
    expect(await served.setLayers({ spatialLayer: 0, temporalLayer: 0 })).toBe(false);
    expect(stream.sent).toEqual([opened(false)]);
  });
});
