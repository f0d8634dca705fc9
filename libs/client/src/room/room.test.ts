import { describe, expect, it } from 'vitest';
import type { RoomEvents } from './room-events.ts';
import type { Room } from './room.ts';
import { fakeTrack } from '../testing/fake-engine.ts';
import { Refusal } from '../testing/fake-gateway.ts';
import { ClientHarness, participant, ready, track } from '../testing/client-harness.ts';

const ada = { others: [participant('ada')], tracks: [track('cam', 'ada')], subscriptions: [ready('cam')] };

function record(room: Room, ...names: (keyof RoomEvents)[]): string[] {
  const emitted: string[] = [];
  for (const name of names) room.on(name, () => emitted.push(name));
  return emitted;
}

describe('room', () => {
  it('emits joins, tracks, mutes and leaves of others with the same objects throughout', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    const emitted = record(
      room,
      'participantJoined',
      'trackPublished',
      'trackSubscribed',
      'trackMuted',
      'trackUnsubscribed',
      'trackUnpublished',
      'participantLeft',
    );
    harness.roomChanged(11, { type: 'participantJoined', participant: participant('bob') });
    harness.roomChanged(12, { type: 'trackPublished', track: track('t', 'bob') });
    await harness.settle();
    const held = room.participants.get('bob')?.tracks.get('t');
    harness.roomChanged(13, { type: 'trackUpdated', trackId: 't', muted: true });
    expect(held?.muted).toBe(true);
    harness.roomChanged(14, { type: 'participantLeft', identity: 'bob', epoch: 1, reason: 'left' });
    expect(emitted).toEqual([
      'participantJoined',
      'trackPublished',
      'trackSubscribed',
      'trackMuted',
      'trackUnsubscribed',
      'trackUnpublished',
      'participantLeft',
    ]);
    expect(held?.subscribed).toBe(false);
    expect(room.participants.size).toBe(0);
  });

  it('closes a gap in the changes with one sync, and retries the sync while it is refused', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    let refusals = 2;
    harness.gateway.answers.set('sync', () =>
      refusals-- > 0
        ? new Refusal('UNAVAILABLE', 500)
        : {
            changes: [
              { version: 11, change: { type: 'participantJoined', participant: participant('ada') } },
            ],
          },
    );
    harness.roomChanged(12, { type: 'participantJoined', participant: participant('bob') });
    await harness.settle();
    await harness.clock.advance(500);
    await harness.clock.advance(500);
    expect(harness.gateway.sent('sync').map(({ data }) => data)).toEqual([
      { version: 10 },
      { version: 10 },
      { version: 10 },
    ]);
    expect([...room.participants.keys()]).toEqual(['ada', 'bob']);
  });

  it('keeps the track object when its subscription is closed and made again', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    const camera = room.participants.get('ada')?.tracks.get('cam');
    const first = camera?.mediaStreamTrack;
    harness.gateway.event('subscriptionClosed', {
      subscriptionId: 'sub_cam',
      trackId: 'cam',
      reason: 'pipe closed',
    });
    expect(camera?.mediaStreamTrack).toBe(first);
    await harness.clock.advance(1000);
    expect(room.participants.get('ada')?.tracks.get('cam')).toBe(camera);
    expect(camera?.mediaStreamTrack).not.toBe(first);
    expect(camera?.subscribed).toBe(true);
  });

  it('retries a subscription with backoff while the node does not know the track yet', async () => {
    const harness = new ClientHarness({ others: ada.others, tracks: ada.tracks });
    let refusals = 3;
    harness.gateway.answers.set('subscribe', () =>
      refusals-- > 0 ? new Refusal('TRACK_NOT_FOUND') : ready('cam'),
    );
    const room = await harness.join();
    await harness.clock.advance(4000);
    expect(harness.gateway.sent('subscribe')).toHaveLength(4);
    expect(room.participants.get('ada')?.tracks.get('cam')?.subscribed).toBe(true);
  });

  it('emits an error and does not retry when a subscription can never succeed', async () => {
    const harness = new ClientHarness();
    harness.gateway.answers.set('subscribe', () => new Refusal('INCOMPATIBLE_CODECS'));
    const room = await harness.join();
    const codes: string[] = [];
    room.on('error', ({ error }) => codes.push(error.code));
    harness.roomChanged(11, { type: 'participantJoined', participant: participant('bob') });
    harness.roomChanged(12, { type: 'trackPublished', track: track('t', 'bob', { mimeType: 'video/av1' }) });
    await harness.clock.advance(60_000);
    expect(codes).toEqual(['INCOMPATIBLE_CODECS']);
    expect(harness.gateway.sent('subscribe')).toHaveLength(1);
  });

  it('resumes the other subscriptions when one of the request is gone', async () => {
    const harness = new ClientHarness({
      others: [participant('ada')],
      tracks: [track('a', 'ada'), track('b', 'ada')],
      subscriptions: [ready('a'), ready('b')],
    });
    harness.gateway.answers.set('updateSubscriptions', ({ updates }) => {
      const ids = (updates as { subscriptionId: string }[]).map(({ subscriptionId }) => subscriptionId);
      return ids.length > 1 ? new Refusal('SUBSCRIPTION_NOT_FOUND') : {};
    });
    await harness.join();
    const requests = harness.gateway
      .sent('updateSubscriptions')
      .map(({ data }) => (data['updates'] as unknown[]).length);
    expect(requests).toEqual([2, 1, 1]);
  });

  it('sends preferred layers and pauses, and the best layers for undefined', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    const camera = room.participants.get('ada')?.tracks.get('cam');
    camera?.setPreferredLayers({ spatialLayer: 0 });
    camera?.setEnabled(false);
    await harness.settle();
    camera?.setPreferredLayers(undefined);
    await harness.settle();
    expect(
      harness.gateway
        .sent('updateSubscriptions')
        .slice(1)
        .map(({ data }) => data['updates']),
    ).toEqual([
      [{ subscriptionId: 'sub_cam', preferredLayers: { spatialLayer: 0 }, paused: true }],
      [{ subscriptionId: 'sub_cam', preferredLayers: { spatialLayer: 2, temporalLayer: 2 } }],
    ]);
  });
});

describe('publishing', () => {
  it('chooses the track id, mutes at once, and unmutes after the room has agreed', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    const microphone = await room.publish(fakeTrack('audio'), { source: 'microphone' });
    const sender = harness.link.senders.get(microphone.id);
    expect(harness.gateway.sent('publish')[0]?.data).toMatchObject({
      trackId: microphone.id,
      kind: 'audio',
      source: 'microphone',
    });
    harness.gateway.answers.delete('setTrackMuted');
    void microphone.mute();
    expect([sender?.paused, microphone.muted]).toEqual([true, true]);
    void microphone.unmute();
    await harness.settle();
    expect(sender?.paused).toBe(true);
    harness.gateway.answer(harness.gateway.sent('setTrackMuted')[1]?.id ?? '', {});
    await harness.settle();
    expect([sender?.paused, microphone.muted]).toEqual([false, false]);
  });

  it('applies the last of several calls of mute and unmute', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    const microphone = await room.publish(fakeTrack('audio'), { source: 'microphone', muted: true });
    const unmuting = microphone.unmute();
    const muting = microphone.mute();
    await Promise.all([unmuting, muting]);
    expect([harness.link.senders.get(microphone.id)?.paused, microphone.muted]).toEqual([true, true]);
  });

  it('delivers the last of many mute calls although the gateway limits their rate', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    const microphone = await room.publish(fakeTrack('audio'), { source: 'microphone' });
    let [node, granted, requests] = [false, 0, 0];
    harness.gateway.answers.set('setTrackMuted', ({ muted }) => {
      requests++;
      // One of four is granted, as a token bucket does.
      if (requests % 4 !== 0) return new Refusal('TOO_MANY_REQUESTS', 100);
      granted++;
      node = muted as boolean;
      return {};
    });
    const calls: Promise<void>[] = [];
    for (let turn = 0; turn < 21; turn++) {
      calls.push(turn % 2 === 0 ? microphone.mute() : microphone.unmute());
      await harness.clock.advance(10);
    }
    await harness.clock.advance(5000);
    await Promise.all(calls);
    expect(node).toBe(true);
    expect([harness.link.senders.get(microphone.id)?.paused, microphone.muted]).toEqual([true, true]);
    // Calls that a later one has overtaken are not repeated.
    expect(requests).toBeLessThan(30);
    expect(granted).toBeGreaterThan(0);
  });

  it('retries a rate-limited mute for longer than a failed one', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    const microphone = await room.publish(fakeTrack('audio'), { source: 'microphone' });
    let requests = 0;
    harness.gateway.answers.set('setTrackMuted', () =>
      ++requests < 8 ? new Refusal('TOO_MANY_REQUESTS', 500) : {},
    );
    const muting = microphone.mute();
    await harness.clock.advance(10_000);
    await muting;
    expect(requests).toBe(8);
  });

  it('keeps id and object through a device switch, and emits when the capture ends', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    const ended: string[] = [];
    room.on('localTrackEnded', ({ track: one }) => ended.push(one.id));
    const first = fakeTrack('video');
    const second = fakeTrack('video');
    const camera = await room.publish(first, { source: 'camera' });
    await camera.replaceTrack(second);
    first.dispatchEvent(new Event('ended'));
    expect(ended).toEqual([]);
    second.dispatchEvent(new Event('ended'));
    expect(ended).toEqual([camera.id]);
    expect(harness.gateway.sent('publish')).toHaveLength(1);
  });

  it('fails with the code of the gateway and keeps no track', async () => {
    const harness = new ClientHarness();
    harness.gateway.answers.set('publish', () => new Refusal('RTP_PARAMETERS_REJECTED'));
    const room = await harness.join();
    await expect(room.publish(fakeTrack('video'), { source: 'camera' })).rejects.toMatchObject({
      code: 'RTP_PARAMETERS_REJECTED',
    });
    expect(room.localParticipant.tracks.size).toBe(0);
  });

  it('removes an unpublished track from the room and closes its sender', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    const camera = await room.publish(fakeTrack('video'), { source: 'camera' });
    await camera.unpublish();
    expect(harness.gateway.sent('unpublish')[0]?.data).toEqual({ trackId: camera.id });
    expect(harness.link.senders.get(camera.id)?.closed).toBe(true);
    await expect(camera.mute()).rejects.toMatchObject({ code: 'TRACK_NOT_FOUND' });
  });
});

describe('closing a room', () => {
  it('leaves within two seconds when the gateway does not answer', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    harness.gateway.answers.delete('leave');
    const leaving = room.leave();
    expect(harness.gateway.sent('leave')).toHaveLength(1);
    await harness.clock.advance(2000);
    await leaving;
    expect(room.connection).toMatchObject({ state: 'closed', reason: 'left' });
    expect([harness.link.closed, harness.gateway.closedWith]).toEqual([true, 1000]);
    await room.leave();
  });

  it('emits sessionClosed when the session is superseded, then closes', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    const emitted = record(room, 'sessionClosed', 'trackUnsubscribed', 'connectionStateChanged');
    harness.gateway.event('sessionClosed', { reason: 'superseded' });
    expect(emitted).toEqual(['sessionClosed', 'trackUnsubscribed', 'connectionStateChanged']);
    expect(room.connection).toMatchObject({ state: 'closed', reason: 'superseded' });
  });

  it('restarts ICE over signaling when media is interrupted', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    harness.gateway.answers.set('restartIce', () => ({
      iceParameters: { usernameFragment: 'u2', password: 'p2' },
    }));
    harness.link.signals.stateChanged('recv', 'failed');
    expect(room.connection).toEqual({ state: 'reconnecting', reason: 'media' });
    await harness.clock.advance(10);
    expect(harness.link.restarts).toEqual(['recv']);
    harness.link.signals.stateChanged('recv', 'connected');
    expect(room.connection.state).toBe('connected');
  });
});
