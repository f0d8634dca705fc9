import { describe, expect, it } from 'vitest';
import type { LocalTrack } from '../publications/local-track.ts';
import type { Room } from './room.ts';
import { fakeTrack, type FakeSender } from '../testing/fake-engine.ts';
import { Refusal } from '../testing/fake-gateway.ts';
import { Bench, participant, ready, track } from '../testing/client-harness.ts';

const sized = (width: number, height: number): MediaStreamTrack => fakeTrack('video', { width, height });
const scales = ({ encodings }: FakeSender): unknown[] =>
  encodings.map(({ active = true, scaleResolutionDownBy }) => (active ? scaleResolutionDownBy : 'off'));
const senderOf = (bench: Bench, { id }: LocalTrack): FakeSender => {
  const sender = bench.link.senders.get(id);
  if (!sender) throw new Error('the track has no sender');
  return sender;
};

const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

/** What made each timer that runs. */
function watchTimers({ clock }: Bench): ReadonlySet<string> {
  const running = new Set<string>();
  for (const name of ['after', 'every'] as const) {
    const start = clock[name].bind(clock);
    clock[name] = (ms, task) => {
      const started = `${name} ${ms} ms${new Error().stack?.split('\n')[2]} #${Math.random()}`;
      running.add(started);
      const timer = start(ms, () => {
        if (name === 'after') running.delete(started);
        task();
      });
      return {
        [Symbol.dispose]: () => {
          running.delete(started);
          timer[Symbol.dispose]();
        },
      };
    };
  }
  return running;
}

async function publishing(
  width: number,
  height: number,
): Promise<{ bench: Bench; room: Room; camera: LocalTrack; sender: FakeSender }> {
  const bench = new Bench();
  const room = await bench.join();
  const camera = await room.publish(sized(width, height), { source: 'camera' });
  return { bench, room, camera, sender: senderOf(bench, camera) };
}

describe('a capture of another size', () => {
  it('takes the present streams at once, and its own layers soon, under the same track id', async () => {
    const { bench, camera, sender } = await publishing(1280, 720);
    await camera.replaceTrack(sized(320, 240));
    expect(scales(sender)).toEqual(['off', 'off', 1]);
    await bench.pass(600);
    const after = senderOf(bench, camera);
    expect(after).not.toBe(sender);
    expect(bench.gateway.sent('publish').map(({ data }) => data['trackId'])).toEqual([camera.id, camera.id]);
    expect(scales(after)).toEqual([1]);
    // Make before break: receivers have the time to go over.
    expect(sender.closed).toBe(false);
    await bench.pass(3000);
    expect([sender.closed, after.closed]).toEqual([true, false]);
    expect(bench.gateway.sent('unpublish')).toHaveLength(0);
  });

  it('with as many layers is only encoded differently', async () => {
    const { bench, camera, sender } = await publishing(960, 540);
    const before = sender.encodings.map(({ maxBitrate }) => maxBitrate);
    await camera.replaceTrack(sized(1920, 1080));
    await bench.pass(5000);
    expect(scales(sender)).toEqual([4, 2, 1]);
    expect(sender.encodings[2]!.maxBitrate).toBeGreaterThan(before[2]!);
    expect(bench.gateway.sent('publish')).toHaveLength(1);
  });

  it.each([
    ['camera', { width: 480, height: 270 }, [2, 1]],
    ['screen', { width: 320, height: 240 }, [1]],
  ] as const)('is noticed when the same %s changes by itself', async (source, smaller, expected) => {
    const bench = new Bench();
    const room = await bench.join();
    const window = await room.publish(sized(1280, 720), { source });
    senderOf(bench, window).size = smaller;
    await bench.pass(1200);
    const sender = senderOf(bench, window);
    expect(scales(sender)).toEqual(expected);
    sender.size = smaller;
    await bench.pass(5000);
    expect(bench.gateway.sent('publish')).toHaveLength(2);
  });

  it('that changes again and again is published again only when it has settled', async () => {
    const { bench, sender } = await publishing(1280, 720);
    for (let step = 0; step < 10; step++) {
      sender.size = step % 2 ? { width: 1280, height: 720 } : { width: 320, height: 240 };
      await bench.pass(400);
    }
    const published = bench.gateway.sent('publish').length;
    expect(published).toBeLessThan(3);
  });

  it('goes along when the session moves', async () => {
    const { bench, camera } = await publishing(1280, 720);
    await camera.replaceTrack(sized(320, 240));
    bench.moveSession('switch', 2);
    await bench.settle();
    expect(scales(senderOf(bench, camera))).toEqual([1]);
  });

  it('keeps its present streams when the node refuses new ones', async () => {
    const { bench, room, camera, sender } = await publishing(1280, 720);
    bench.gateway.answers.set('publish', () => new Refusal('RTP_PARAMETERS_REJECTED'));
    await camera.replaceTrack(sized(320, 240));
    await bench.pass(20_000);
    expect([sender.closed, scales(sender)]).toEqual([false, ['off', 'off', 1]]);
    expect(room.localParticipant.tracks.get(camera.id)).toBe(camera);
  });

  it('nothing is looked at any more when nothing is published', async () => {
    const { bench, camera, sender } = await publishing(1280, 720);
    await camera.unpublish();
    sender.size = { width: 320, height: 240 };
    await bench.pass(5000);
    expect(scales(sender)).toEqual([4, 2, 1]);
  });
});

describe('a capture that the system takes away', () => {
  it('is told with its state, until it is replaced or given up', async () => {
    const { room, camera } = await publishing(1280, 720);
    const told: string[] = [];
    room.on('localTrackCaptureChanged', ({ track: one }) => told.push(`${one.id} ${one.captureState}`));
    const capture = camera.mediaStreamTrack;
    const system = (muted: boolean): void => {
      Object.assign(capture, { muted });
      capture.dispatchEvent(new Event(muted ? 'mute' : 'unmute'));
    };
    system(true);
    system(false);
    await camera.replaceTrack(sized(1280, 720));
    system(true);
    expect(told).toEqual([`${camera.id} interrupted`, `${camera.id} live`]);
    const second = camera.mediaStreamTrack;
    await camera.unpublish();
    second.dispatchEvent(new Event('mute'));
    expect(told).toHaveLength(2);
  });
});

describe('a publish whose answer was lost', () => {
  it('is taken back when it fails for good, again and again if need be', async () => {
    const bench = new Bench();
    const room = await bench.join();
    bench.gateway.answers.set('publish', () => new Refusal('UNAVAILABLE', 100));
    let refusals = 3;
    bench.gateway.answers.set('unpublish', () => (refusals-- > 0 ? new Refusal('UNAVAILABLE', 100) : {}));
    const publishing = room.publish(fakeTrack('audio'), { source: 'microphone' });
    const failure = failureOf(publishing);
    await bench.pass(20_000);
    expect(await failure).toMatchObject({ code: 'UNAVAILABLE' });
    const trackId = bench.gateway.sent('publish')[0]?.data['trackId'];
    expect(bench.gateway.sent('unpublish').map(({ data }) => data['trackId'])).toEqual(
      Array(4).fill(trackId),
    );
    expect(room.localParticipant.tracks.size).toBe(0);
  });

  it('is taken back when the track was given up meanwhile', async () => {
    const { bench, camera } = await publishing(1280, 720);
    bench.gateway.answers.delete('publish');
    await camera.replaceTrack(sized(320, 240));
    await bench.pass(600);
    await camera.unpublish();
    const again = bench.gateway.sent('publish')[1];
    bench.gateway.answer(again!.id, { trackId: camera.id });
    await bench.settle();
    expect(bench.gateway.sent('unpublish')).toHaveLength(2);
  });

  it('of an unpublish that failed is asked again after its caller was told', async () => {
    const { bench, camera } = await publishing(1280, 720);
    bench.gateway.answers.set('unpublish', () => new Refusal('UNAVAILABLE', 100));
    const failure = failureOf(camera.unpublish());
    await bench.pass(2000);
    expect(await failure).toMatchObject({ code: 'UNAVAILABLE' });
    const asked = bench.gateway.sent('unpublish').length;
    bench.gateway.answers.set('unpublish', () => ({}));
    await bench.pass(6000);
    expect(bench.gateway.sent('unpublish').length).toBeGreaterThan(asked);
  });
});

describe('a room that was left', () => {
  it('leaves no timer behind, whatever was under way', async () => {
    const bench = new Bench();
    const running = watchTimers(bench);
    const room = await bench.join();
    const camera = await room.publish(sized(1280, 720), { source: 'camera' });
    await camera.replaceTrack(sized(320, 240));
    await bench.pass(600);
    await camera.replaceTrack(sized(1280, 720));
    for (const method of ['publish', 'unpublish', 'setTrackMuted'] as const)
      bench.gateway.answers.set(method, () => new Refusal('UNAVAILABLE', 1000));
    const failures = [
      failureOf(room.publish(fakeTrack('audio'), { source: 'microphone' })),
      failureOf(camera.mute()),
    ];
    await bench.pass(100);
    await room.leave();
    await Promise.all(failures);
    await bench.pass(60);
    expect([...running]).toEqual([]);
  });
});

describe('a wish for layers', () => {
  const others = [participant('ada')];
  const tracks = ['a', 'b', 'c'].map((id) => track(id, 'ada'));
  const subscriptions = ['a', 'b', 'c'].map((id) => ready(id));
  const paused = (bench: Bench): string[] => {
    const resumed = bench.gateway
      .sent('updateSubscriptions')
      .flatMap(({ data }) => data['updates'] as { subscriptionId: string; preferredLayers?: object }[]);
    return resumed
      .filter(({ preferredLayers }) => !preferredLayers)
      .map(({ subscriptionId }) => subscriptionId);
  };

  it('that is refused with the whole batch keeps nobody paused, the wisher included', async () => {
    const bench = new Bench({ others, tracks, subscriptions });
    bench.gateway.answers.set('updateSubscriptions', ({ updates }) =>
      JSON.stringify(updates).includes('preferredLayers') ? new Refusal('INVALID_ARGUMENT') : {},
    );
    const connecting = bench.connect();
    bench.welcomeAll();
    const room = await connecting;
    room.participants.get('ada')?.tracks.get('b')?.setPreferredLayers({ spatialLayer: 2 });
    await bench.settle();
    await bench.settle();
    expect(paused(bench).toSorted()).toEqual(expect.arrayContaining(['sub_a', 'sub_b', 'sub_c']));
  });

  it('does not cost the track when its subscription is refused for it', async () => {
    const bench = new Bench({ others });
    bench.gateway.answers.set('subscribe', ({ trackId, preferredLayers }) =>
      preferredLayers ? new Refusal('INVALID_ARGUMENT') : ready(String(trackId)),
    );
    const room = await bench.join();
    room.on('trackPublished', ({ track: one }) => one.setPreferredLayers({ spatialLayer: 2 }));
    bench.roomChanged(11, { type: 'trackPublished', track: track('cam', 'ada', { spatialLayers: 1 }) });
    await bench.pass(1000);
    expect(room.participants.get('ada')?.tracks.get('cam')?.subscribed).toBe(true);
  });

  it('updates that the node refuses alone are handled alone', async () => {
    const bench = new Bench({ others, tracks, subscriptions });
    const refused = [{ subscriptionId: 'sub_b', error: { code: 'SUBSCRIPTION_NOT_FOUND', message: 'gone' } }];
    let isGone = true;
    bench.gateway.answers.set('updateSubscriptions', () => {
      const answer = isGone ? { refused } : {};
      isGone = false;
      return answer;
    });
    const room = await bench.join();
    await bench.pass(200);
    expect(bench.gateway.sent('subscribe').map(({ data }) => data['trackId'])).toEqual(['b']);
    expect(room.participants.get('ada')?.tracks.get('a')?.subscribed).toBe(true);
  });

  it('sees how many layers there are now', async () => {
    const bench = new Bench({ others, tracks });
    const room = await bench.join();
    bench.roomChanged(11, { type: 'trackPublished', track: track('a', 'ada', { spatialLayers: 1 }) });
    expect(room.participants.get('ada')?.tracks.get('a')?.spatialLayers).toBe(1);
  });
});
