import { describe, expect, it } from 'vitest';
import type { LocalTrack } from '../publications/local-track.ts';
import type { Room } from './room.ts';
import { fakeTrack, type FakeSender } from '../testing/fake-engine.ts';
import { Refusal } from '../testing/fake-gateway.ts';
import { ClientHarness, participant, ready, track } from '../testing/client-harness.ts';

const sized = (width: number, height: number): MediaStreamTrack => fakeTrack('video', { width, height });
const scales = ({ encodings }: FakeSender): unknown[] =>
  encodings.map(({ active = true, scaleResolutionDownBy }) => (active ? scaleResolutionDownBy : 'off'));
const senderOf = (harness: ClientHarness, { id }: LocalTrack): FakeSender => {
  const sender = harness.link.senders.get(id);
  if (!sender) throw new Error('the track has no sender');
  return sender;
};

const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

/** What made each timer that runs. */
function watchTimers({ clock }: ClientHarness): ReadonlySet<string> {
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
): Promise<{ harness: ClientHarness; room: Room; camera: LocalTrack; sender: FakeSender }> {
  const harness = new ClientHarness();
  const room = await harness.join();
  const camera = await room.publish(sized(width, height), { source: 'camera' });
  return { harness, room, camera, sender: senderOf(harness, camera) };
}

describe('a change of capture size', () => {
  it('adapts the streams at once, and republishes other layers soon under the same track id', async () => {
    const { harness, camera, sender } = await publishing(1280, 720);
    await camera.replaceTrack(sized(320, 240));
    expect(scales(sender)).toEqual(['off', 'off', 1]);
    await harness.pass(600);
    const after = senderOf(harness, camera);
    expect(after).not.toBe(sender);
    expect(harness.gateway.sent('publish').map(({ data }) => data['trackId'])).toEqual([
      camera.id,
      camera.id,
    ]);
    expect(scales(after)).toEqual([1]);
    // Make before break: receivers have the time to go over.
    expect(sender.closed).toBe(false);
    await harness.pass(3000);
    expect([sender.closed, after.closed]).toEqual([true, false]);
    expect(harness.gateway.sent('unpublish')).toHaveLength(0);
  });

  it('changes only the encodings when the number of layers stays the same', async () => {
    const { harness, camera, sender } = await publishing(960, 540);
    const before = sender.encodings.map(({ maxBitrate }) => maxBitrate);
    await camera.replaceTrack(sized(1920, 1080));
    await harness.pass(5000);
    expect(scales(sender)).toEqual([4, 2, 1]);
    expect(sender.encodings[2]!.maxBitrate).toBeGreaterThan(before[2]!);
    expect(harness.gateway.sent('publish')).toHaveLength(1);
  });

  it.each([
    ['camera', { width: 480, height: 270 }, [2, 1]],
    ['screen', { width: 320, height: 240 }, [1]],
  ] as const)('is detected when the same %s capture changes', async (source, smaller, expected) => {
    const harness = new ClientHarness();
    const room = await harness.join();
    const window = await room.publish(sized(1280, 720), { source });
    senderOf(harness, window).size = smaller;
    await harness.pass(1200);
    const sender = senderOf(harness, window);
    expect(scales(sender)).toEqual(expected);
    sender.size = smaller;
    await harness.pass(5000);
    expect(harness.gateway.sent('publish')).toHaveLength(2);
  });

  it('republishes a capture that keeps changing only after it has settled', async () => {
    const { harness, sender } = await publishing(1280, 720);
    for (let step = 0; step < 10; step++) {
      sender.size = step % 2 ? { width: 1280, height: 720 } : { width: 320, height: 240 };
      await harness.pass(400);
    }
    const published = harness.gateway.sent('publish').length;
    expect(published).toBeLessThan(3);
  });

  it('is applied to the new session of a migration', async () => {
    const { harness, camera } = await publishing(1280, 720);
    await camera.replaceTrack(sized(320, 240));
    harness.moveSession('switch', 2);
    await harness.settle();
    expect(scales(senderOf(harness, camera))).toEqual([1]);
  });

  it('keeps the present streams when the node refuses new ones', async () => {
    const { harness, room, camera, sender } = await publishing(1280, 720);
    harness.gateway.answers.set('publish', () => new Refusal('RTP_PARAMETERS_REJECTED'));
    await camera.replaceTrack(sized(320, 240));
    await harness.pass(20_000);
    expect([sender.closed, scales(sender)]).toEqual([false, ['off', 'off', 1]]);
    expect(room.localParticipant.tracks.get(camera.id)).toBe(camera);
  });

  it('is no longer checked when nothing is published', async () => {
    const { harness, camera, sender } = await publishing(1280, 720);
    await camera.unpublish();
    sender.size = { width: 320, height: 240 };
    await harness.pass(5000);
    expect(scales(sender)).toEqual([4, 2, 1]);
  });
});

describe('a capture that the system interrupts', () => {
  it('emits its state until it is replaced or unpublished', async () => {
    const { room, camera } = await publishing(1280, 720);
    const emitted: string[] = [];
    room.on('localTrackCaptureChanged', ({ track: one }) => emitted.push(`${one.id} ${one.captureState}`));
    const capture = camera.mediaStreamTrack;
    const system = (muted: boolean): void => {
      Object.assign(capture, { muted });
      capture.dispatchEvent(new Event(muted ? 'mute' : 'unmute'));
    };
    system(true);
    system(false);
    await camera.replaceTrack(sized(1280, 720));
    system(true);
    expect(emitted).toEqual([`${camera.id} interrupted`, `${camera.id} live`]);
    const second = camera.mediaStreamTrack;
    await camera.unpublish();
    second.dispatchEvent(new Event('mute'));
    expect(emitted).toHaveLength(2);
  });
});

describe('a publish or unpublish without an answer', () => {
  it('removes the track from the room after the publish has failed, with retries', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    harness.gateway.answers.set('publish', () => new Refusal('UNAVAILABLE', 100));
    let refusals = 3;
    harness.gateway.answers.set('unpublish', () => (refusals-- > 0 ? new Refusal('UNAVAILABLE', 100) : {}));
    const publishing = room.publish(fakeTrack('audio'), { source: 'microphone' });
    const failure = failureOf(publishing);
    await harness.pass(20_000);
    expect(await failure).toMatchObject({ code: 'UNAVAILABLE' });
    const trackId = harness.gateway.sent('publish')[0]?.data['trackId'];
    expect(harness.gateway.sent('unpublish').map(({ data }) => data['trackId'])).toEqual(
      Array(4).fill(trackId),
    );
    expect(room.localParticipant.tracks.size).toBe(0);
  });

  it('removes the track when it was unpublished before the answer', async () => {
    const { harness, camera } = await publishing(1280, 720);
    harness.gateway.answers.delete('publish');
    await camera.replaceTrack(sized(320, 240));
    await harness.pass(600);
    await camera.unpublish();
    const again = harness.gateway.sent('publish')[1];
    harness.gateway.answer(again!.id, { trackId: camera.id });
    await harness.settle();
    expect(harness.gateway.sent('unpublish')).toHaveLength(2);
  });

  it('retries a failed unpublish after its caller was rejected', async () => {
    const { harness, camera } = await publishing(1280, 720);
    harness.gateway.answers.set('unpublish', () => new Refusal('UNAVAILABLE', 100));
    const failure = failureOf(camera.unpublish());
    await harness.pass(2000);
    expect(await failure).toMatchObject({ code: 'UNAVAILABLE' });
    const requests = harness.gateway.sent('unpublish').length;
    harness.gateway.answers.set('unpublish', () => ({}));
    await harness.pass(6000);
    expect(harness.gateway.sent('unpublish').length).toBeGreaterThan(requests);
  });
});

describe('leaving a room', () => {
  it('stops every timer of operations in flight', async () => {
    const harness = new ClientHarness();
    const running = watchTimers(harness);
    const room = await harness.join();
    const camera = await room.publish(sized(1280, 720), { source: 'camera' });
    await camera.replaceTrack(sized(320, 240));
    await harness.pass(600);
    await camera.replaceTrack(sized(1280, 720));
    for (const method of ['publish', 'unpublish', 'setTrackMuted'] as const)
      harness.gateway.answers.set(method, () => new Refusal('UNAVAILABLE', 1000));
    const failures = [
      failureOf(room.publish(fakeTrack('audio'), { source: 'microphone' })),
      failureOf(camera.mute()),
    ];
    await harness.pass(100);
    await room.leave();
    await Promise.all(failures);
    await harness.pass(60);
    expect([...running]).toEqual([]);
  });
});

describe('preferred layers', () => {
  const others = [participant('ada')];
  const tracks = ['a', 'b', 'c'].map((id) => track(id, 'ada'));
  const subscriptions = ['a', 'b', 'c'].map((id) => ready(id));
  const paused = (harness: ClientHarness): string[] => {
    const resumed = harness.gateway
      .sent('updateSubscriptions')
      .flatMap(({ data }) => data['updates'] as { subscriptionId: string; preferredLayers?: object }[]);
    return resumed
      .filter(({ preferredLayers }) => !preferredLayers)
      .map(({ subscriptionId }) => subscriptionId);
  };

  it('keep no track paused when they are refused with the whole batch', async () => {
    const harness = new ClientHarness({ others, tracks, subscriptions });
    harness.gateway.answers.set('updateSubscriptions', ({ updates }) =>
      JSON.stringify(updates).includes('preferredLayers') ? new Refusal('INVALID_ARGUMENT') : {},
    );
    const connecting = harness.connect();
    harness.welcomeAll();
    const room = await connecting;
    room.participants.get('ada')?.tracks.get('b')?.setPreferredLayers({ spatialLayer: 2 });
    await harness.settle();
    await harness.settle();
    expect(paused(harness).toSorted()).toEqual(expect.arrayContaining(['sub_a', 'sub_b', 'sub_c']));
  });

  it('do not cost the track when its subscription is refused because of them', async () => {
    const harness = new ClientHarness({ others });
    harness.gateway.answers.set('subscribe', ({ trackId, preferredLayers }) =>
      preferredLayers ? new Refusal('INVALID_ARGUMENT') : ready(String(trackId)),
    );
    const room = await harness.join();
    room.on('trackPublished', ({ track: one }) => one.setPreferredLayers({ spatialLayer: 2 }));
    harness.roomChanged(11, { type: 'trackPublished', track: track('cam', 'ada', { spatialLayers: 1 }) });
    await harness.pass(1000);
    expect(room.participants.get('ada')?.tracks.get('cam')?.subscribed).toBe(true);
  });

  it('are retried without the layers for each update that the node refuses', async () => {
    const harness = new ClientHarness({ others, tracks, subscriptions });
    const refused = [{ subscriptionId: 'sub_b', error: { code: 'SUBSCRIPTION_NOT_FOUND', message: 'gone' } }];
    let isGone = true;
    harness.gateway.answers.set('updateSubscriptions', () => {
      const answer = isGone ? { refused } : {};
      isGone = false;
      return answer;
    });
    const room = await harness.join();
    await harness.pass(200);
    expect(harness.gateway.sent('subscribe').map(({ data }) => data['trackId'])).toEqual(['b']);
    expect(room.participants.get('ada')?.tracks.get('a')?.subscribed).toBe(true);
  });

  it('follow a change of the number of layers', async () => {
    const harness = new ClientHarness({ others, tracks });
    const room = await harness.join();
    harness.roomChanged(11, { type: 'trackPublished', track: track('a', 'ada', { spatialLayers: 1 }) });
    expect(room.participants.get('ada')?.tracks.get('a')?.spatialLayers).toBe(1);
  });
});
