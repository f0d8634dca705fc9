import type { TrackUpdate } from '@skein/rpc';
import { Emitter, FakeClock } from '@skein/runtime';
import { beforeEach, describe, expect, test } from 'vitest';
import type { MediaSource, PipedMedia, PipeEndpoint } from '../media/engine.ts';
import { ServedTrack, type PullStream } from './served-track.ts';

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
let served: ServedTrack;
let source: MediaSource;
let copies: number;
let ends: number;

beforeEach(() => {
  clock = new FakeClock();
  copies = 0;
  ends = 0;
  served = new ServedTrack({ media: 'mic@1', clock, graceMs: GRACE_MS, onEnd: () => ends++ });
  source = { muted: false, closed: false, events: new Emitter() } as Partial<MediaSource> as MediaSource;
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
    return { kind: 'audio', rtpParameters, close: () => copies-- };
  };
  served.attach(pullId, stream);
  await served.open({ send } as Partial<PipeEndpoint> as PipeEndpoint, source);
}

describe('a track that another node pulls', () => {
  test('stays in the pipe when the call breaks, and goes on with the puller that comes back', async () => {
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

  test('is let go when its puller does not come back', async () => {
    const stream = new FakeStream();
    await open(stream);
    stream.end();
    await clock.advance(GRACE_MS);
    expect([copies, ends]).toEqual([0, 1]);
  });

  test('is let go at once when the puller says so, but not for the word of an earlier pull', async () => {
    const stream = new FakeStream();
    await open(stream, 'p2');
    served.release('p1');
    expect(copies).toBe(1);
    served.release('p2');
    expect([copies, ends, stream.closed.aborted]).toEqual([0, 1, true]);
  });

  test('is sent once when the puller comes back before the loss of its call was seen', async () => {
    const [first, second] = [new FakeStream(), new FakeStream()];
    await open(first);
    served.attach('p1', second);
    await clock.advance(GRACE_MS);
    expect([copies, ends, first.closed.aborted, second.closed.aborted]).toEqual([1, 0, true, false]);
  });

  test('ends for its puller with its source', async () => {
    const stream = new FakeStream();
    await open(stream);
    source.events.emit('closed', { reason: 'unpublished' });
    expect(stream.sent.at(-1)).toEqual({ update: 'closed', closed: { reason: 'unpublished' } });
    expect([copies, ends, stream.closed.aborted]).toEqual([0, 1, true]);
  });
});
