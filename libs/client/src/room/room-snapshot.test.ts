import { describe, expect, it } from 'vitest';
import type { MediaElement } from '../media/media-elements.ts';
import { ClientHarness, participant, track } from '../testing/client-harness.ts';
import { fakeTrack } from '../testing/fake-engine.ts';
import type { RemoteTrackSnapshot, RoomSnapshot } from './snapshot.ts';

const ada = { others: [participant('ada'), participant('bob')], tracks: [track('cam', 'ada')] };
const cam = ({ participants }: RoomSnapshot): RemoteTrackSnapshot => participants[0]!.tracks[0]!;

/** A video element as far as `attach` needs it. */
function fakeVideo(): MediaElement & { videoWidth: number; videoHeight: number } {
  return Object.assign(new EventTarget(), {
    autoplay: false,
    srcObject: null,
    videoWidth: 0,
    videoHeight: 0,
    pause: () => undefined,
    play: () => Promise.resolve(),
  }) as unknown as ReturnType<typeof fakeVideo>;
}

describe('room.snapshot', () => {
  it('holds participants, tracks, subscriptions, viewers and the connection', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join({ metadata: 'm' });
    const snapshot = room.snapshot();
    expect(snapshot).toMatchObject({
      name: 'standup',
      viewers: 0,
      connection: { state: 'connected', sessionId: 'ses_me_1', nodeId: 'n1' },
      localParticipant: { identity: 'me', name: 'Me', metadata: 'm', role: 'participant', tracks: [] },
    });
    expect(snapshot.participants.map(({ identity }) => identity)).toEqual(['ada', 'bob']);
    expect(cam(snapshot)).toMatchObject({ id: 'cam', muted: false, subscription: { status: 'receiving' } });
    expect(cam(snapshot).subscription.mediaStreamTrack).toBe(
      room.participants.get('ada')?.tracks.get('cam')?.mediaStreamTrack,
    );
    expect(room.snapshot()).toBe(snapshot);
  });

  it('follows local tracks from publishing to unpublishing', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    const before = room.snapshot();
    const camera = await room.publish(fakeTrack('video', { width: 640, height: 360 }), { source: 'camera' });
    const published = room.snapshot();
    expect(published.localParticipant.tracks).toMatchObject([
      { id: camera.id, muted: false, captureState: 'live', captureSize: { width: 640, height: 360 } },
    ]);
    expect(published.participants).toBe(before.participants);
    await camera.mute();
    expect(room.snapshot().localParticipant.tracks[0]?.muted).toBe(true);
    Object.assign(camera.mediaStreamTrack, { muted: true });
    camera.mediaStreamTrack.dispatchEvent(new Event('mute'));
    expect(room.snapshot().localParticipant.tracks[0]?.captureState).toBe('interrupted');
    harness.link.senders.get(camera.id)!.size = { width: 320, height: 180 };
    await camera.unmute();
    await harness.pass(600);
    expect(room.snapshot().localParticipant.tracks[0]?.captureSize).toEqual({ width: 320, height: 180 });
    await camera.unpublish();
    expect(room.snapshot().localParticipant).toEqual(before.localParticipant);
  });

  it('follows a subscription through its states and settings', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join({ autoSubscribe: false });
    const remote = room.participants.get('ada')!.tracks.get('cam')!;
    const subscription = (): RemoteTrackSnapshot['subscription'] => cam(room.snapshot()).subscription;
    expect(subscription().status).toBe('off');
    remote.subscribe();
    expect(subscription().status).toBe('pending');
    await harness.settle();
    expect(subscription().status).toBe('receiving');
    remote.setEnabled(false);
    remote.setPreferredLayers({ spatialLayer: 1 });
    expect(subscription()).toMatchObject({ enabled: false, preferredLayers: { spatialLayer: 1 } });
    remote.unsubscribe();
    expect(subscription()).toMatchObject({ status: 'off', mediaStreamTrack: undefined });
  });

  it('has the picture size of an attached video element', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join({ autoSubscribe: false });
    const remote = room.participants.get('ada')!.tracks.get('cam')!;
    const video = fakeVideo();
    remote.attach(video);
    expect(cam(room.snapshot()).subscription.pictureSize).toBeUndefined();
    Object.assign(video, { videoWidth: 1280, videoHeight: 720 });
    video.dispatchEvent(new Event('resize'));
    expect(cam(room.snapshot()).subscription.pictureSize).toEqual({ width: 1280, height: 720 });
    remote.detach(video);
    expect(cam(room.snapshot()).subscription.pictureSize).toBeUndefined();
  });

  it('names the session and node after a migration that emits no event', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    const before = room.snapshot();
    harness.moveSession('switch', 2);
    await harness.settle();
    const after = room.snapshot();
    expect(after.connection).toEqual({ state: 'connected', sessionId: 'ses_me_2', nodeId: 'n2' });
    expect(after.localParticipant).toMatchObject({ sessionId: 'ses_me_2', nodeId: 'n2' });
    expect(after.participants[1]).toBe(before.participants[1]);
  });

  it('is closed after leaving', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    room.snapshot();
    await room.leave();
    expect(room.snapshot().connection).toMatchObject({ state: 'closed', reason: 'left' });
  });
});

describe('room.subscribe', () => {
  it('notifies once per task, and works when passed on without its room', async () => {
    const harness = new ClientHarness(ada);
    const { subscribe, snapshot } = await harness.join();
    const seen: number[] = [];
    const unsubscribe = subscribe(() => seen.push(snapshot().participants.length));
    for (const [version, identity] of [
      [11, 'cleo'],
      [12, 'dan'],
    ] as const)
      harness.roomChanged(version, { type: 'participantJoined', participant: participant(identity) });
    await harness.settle();
    expect(seen).toEqual([4]);
    unsubscribe();
    harness.roomChanged(13, { type: 'participantJoined', participant: participant('eve') });
    await harness.settle();
    expect(seen).toEqual([4]);
  });
});
