import { describe, expect, it } from 'vitest';
import type { RoomEvents } from './room-events.ts';
import type { Room } from './room.ts';
import { fakeTrack } from '../testing/fake-engine.ts';
import { Refusal } from '../testing/fake-gateway.ts';
import { Bench, participant, ready, track } from '../testing/client-harness.ts';

const ada = { others: [participant('ada')], tracks: [track('cam', 'ada')], subscriptions: [ready('cam')] };

function record(room: Room, ...names: (keyof RoomEvents)[]): string[] {
  const told: string[] = [];
  for (const name of names) room.on(name, () => told.push(name));
  return told;
}

describe('a room', () => {
  it('tells joins, tracks, mutes and leaves of others, each with its lasting objects', async () => {
    const bench = new Bench();
    const room = await bench.join();
    const told = record(
      room,
      'participantJoined',
      'trackPublished',
      'trackSubscribed',
      'trackMuted',
      'trackUnsubscribed',
      'trackUnpublished',
      'participantLeft',
    );
    bench.roomChanged(11, { type: 'participantJoined', participant: participant('bob') });
    bench.roomChanged(12, { type: 'trackPublished', track: track('t', 'bob') });
    await bench.settle();
    const held = room.participants.get('bob')?.tracks.get('t');
    bench.roomChanged(13, { type: 'trackUpdated', trackId: 't', muted: true });
    expect(held?.muted).toBe(true);
    bench.roomChanged(14, { type: 'participantLeft', identity: 'bob', epoch: 1, reason: 'left' });
    expect(told).toEqual([
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

  it('heals a gap with one sync and keeps asking while that is refused', async () => {
    const bench = new Bench();
    const room = await bench.join();
    let refusals = 2;
    bench.gateway.answers.set('sync', () =>
      refusals-- > 0
        ? new Refusal('UNAVAILABLE', 500)
        : {
            changes: [
              { version: 11, change: { type: 'participantJoined', participant: participant('ada') } },
            ],
          },
    );
    bench.roomChanged(12, { type: 'participantJoined', participant: participant('bob') });
    await bench.settle();
    await bench.clock.advance(500);
    await bench.clock.advance(500);
    expect(bench.gateway.sent('sync').map(({ data }) => data)).toEqual([
      { version: 10 },
      { version: 10 },
      { version: 10 },
    ]);
    expect([...room.participants.keys()]).toEqual(['ada', 'bob']);
  });

  it('keeps a track the same object when its subscription was closed and made anew', async () => {
    const bench = new Bench(ada);
    const room = await bench.join();
    const camera = room.participants.get('ada')?.tracks.get('cam');
    const first = camera?.mediaStreamTrack;
    bench.gateway.event('subscriptionClosed', {
      subscriptionId: 'sub_cam',
      trackId: 'cam',
      reason: 'pipe closed',
    });
    expect(camera?.mediaStreamTrack).toBe(first);
    await bench.clock.advance(1000);
    expect(room.participants.get('ada')?.tracks.get('cam')).toBe(camera);
    expect(camera?.mediaStreamTrack).not.toBe(first);
    expect(camera?.subscribed).toBe(true);
  });

  it('asks again for a track whose node did not know it yet, with growing pauses', async () => {
    const bench = new Bench({ others: ada.others, tracks: ada.tracks });
    let refusals = 3;
    bench.gateway.answers.set('subscribe', () =>
      refusals-- > 0 ? new Refusal('TRACK_NOT_FOUND') : ready('cam'),
    );
    const room = await bench.join();
    await bench.clock.advance(4000);
    expect(bench.gateway.sent('subscribe')).toHaveLength(4);
    expect(room.participants.get('ada')?.tracks.get('cam')?.subscribed).toBe(true);
  });

  it('tells, and does not repeat, what can never work', async () => {
    const bench = new Bench();
    bench.gateway.answers.set('subscribe', () => new Refusal('INCOMPATIBLE_CODECS'));
    const room = await bench.join();
    const codes: string[] = [];
    room.on('error', ({ error }) => codes.push(error.code));
    bench.roomChanged(11, { type: 'participantJoined', participant: participant('bob') });
    bench.roomChanged(12, { type: 'trackPublished', track: track('t', 'bob', { mimeType: 'video/av1' }) });
    await bench.clock.advance(60_000);
    expect(codes).toEqual(['INCOMPATIBLE_CODECS']);
    expect(bench.gateway.sent('subscribe')).toHaveLength(1);
  });

  it('resumes the others when one of the subscriptions of a request is gone', async () => {
    const bench = new Bench({
      others: [participant('ada')],
      tracks: [track('a', 'ada'), track('b', 'ada')],
      subscriptions: [ready('a'), ready('b')],
    });
    bench.gateway.answers.set('updateSubscriptions', ({ updates }) => {
      const ids = (updates as { subscriptionId: string }[]).map(({ subscriptionId }) => subscriptionId);
      return ids.length > 1 ? new Refusal('SUBSCRIPTION_NOT_FOUND') : {};
    });
    await bench.join();
    const asked = bench.gateway
      .sent('updateSubscriptions')
      .map(({ data }) => (data['updates'] as unknown[]).length);
    expect(asked).toEqual([2, 1, 1]);
  });

  it('sends choices of layers and pauses as asked for, and the best again for none', async () => {
    const bench = new Bench(ada);
    const room = await bench.join();
    const camera = room.participants.get('ada')?.tracks.get('cam');
    camera?.setPreferredLayers({ spatialLayer: 0 });
    camera?.setEnabled(false);
    await bench.settle();
    camera?.setPreferredLayers(undefined);
    await bench.settle();
    expect(
      bench.gateway
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
  it('names the track itself and stops sending at once when muted, but resumes only when the room agreed', async () => {
    const bench = new Bench();
    const room = await bench.join();
    const microphone = await room.publish(fakeTrack('audio'), { source: 'microphone' });
    const sender = bench.link.senders.get(microphone.id);
    expect(bench.gateway.sent('publish')[0]?.data).toMatchObject({
      trackId: microphone.id,
      kind: 'audio',
      source: 'microphone',
    });
    bench.gateway.answers.delete('setTrackMuted');
    void microphone.mute();
    expect([sender?.paused, microphone.muted]).toEqual([true, true]);
    void microphone.unmute();
    await bench.settle();
    expect(sender?.paused).toBe(true);
    bench.gateway.answer(bench.gateway.sent('setTrackMuted')[1]?.id ?? '', {});
    await bench.settle();
    expect([sender?.paused, microphone.muted]).toEqual([false, false]);
  });

  it('lets the last of several wishes win', async () => {
    const bench = new Bench();
    const room = await bench.join();
    const microphone = await room.publish(fakeTrack('audio'), { source: 'microphone', muted: true });
    const unmuting = microphone.unmute();
    const muting = microphone.mute();
    await Promise.all([unmuting, muting]);
    expect([bench.link.senders.get(microphone.id)?.paused, microphone.muted]).toEqual([true, true]);
  });

  it('tells the last of many wishes in the end, also when the gateway finds that they come too often', async () => {
    const bench = new Bench();
    const room = await bench.join();
    const microphone = await room.publish(fakeTrack('audio'), { source: 'microphone' });
    let [node, granted, asked] = [false, 0, 0];
    bench.gateway.answers.set('setTrackMuted', ({ muted }) => {
      asked++;
      // One of four is granted, as a token bucket does.
      if (asked % 4 !== 0) return new Refusal('TOO_MANY_REQUESTS', 100);
      granted++;
      node = muted as boolean;
      return {};
    });
    const wishes: Promise<void>[] = [];
    for (let turn = 0; turn < 21; turn++) {
      wishes.push(turn % 2 === 0 ? microphone.mute() : microphone.unmute());
      await bench.clock.advance(10);
    }
    await bench.clock.advance(5000);
    await Promise.all(wishes);
    expect(node).toBe(true);
    expect([bench.link.senders.get(microphone.id)?.paused, microphone.muted]).toEqual([true, true]);
    // Wishes that a later one has overtaken are not asked for again.
    expect(asked).toBeLessThan(30);
    expect(granted).toBeGreaterThan(0);
  });

  it('goes on asking for a mute that comes too often for longer than for one that fails', async () => {
    const bench = new Bench();
    const room = await bench.join();
    const microphone = await room.publish(fakeTrack('audio'), { source: 'microphone' });
    let asked = 0;
    bench.gateway.answers.set('setTrackMuted', () =>
      ++asked < 8 ? new Refusal('TOO_MANY_REQUESTS', 500) : {},
    );
    const muting = microphone.mute();
    await bench.clock.advance(10_000);
    await muting;
    expect(asked).toBe(8);
  });

  it('keeps id and object when the device is switched, and tells when the capture ends by itself', async () => {
    const bench = new Bench();
    const room = await bench.join();
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
    expect(bench.gateway.sent('publish')).toHaveLength(1);
  });

  it('fails with the code of the gateway and leaves nothing behind', async () => {
    const bench = new Bench();
    bench.gateway.answers.set('publish', () => new Refusal('RTP_PARAMETERS_REJECTED'));
    const room = await bench.join();
    await expect(room.publish(fakeTrack('video'), { source: 'camera' })).rejects.toMatchObject({
      code: 'RTP_PARAMETERS_REJECTED',
    });
    expect(room.localParticipant.tracks.size).toBe(0);
  });

  it('takes a track out of the room and stops its sender', async () => {
    const bench = new Bench();
    const room = await bench.join();
    const camera = await room.publish(fakeTrack('video'), { source: 'camera' });
    await camera.unpublish();
    expect(bench.gateway.sent('unpublish')[0]?.data).toEqual({ trackId: camera.id });
    expect(bench.link.senders.get(camera.id)?.closed).toBe(true);
    await expect(camera.mute()).rejects.toMatchObject({ code: 'TRACK_NOT_FOUND' });
  });
});

describe('the end of a room', () => {
  it('leaves within two seconds even when nobody answers', async () => {
    const bench = new Bench();
    const room = await bench.join();
    bench.gateway.answers.delete('leave');
    const leaving = room.leave();
    expect(bench.gateway.sent('leave')).toHaveLength(1);
    await bench.clock.advance(2000);
    await leaving;
    expect(room.connection).toMatchObject({ state: 'closed', reason: 'left' });
    expect([bench.link.closed, bench.gateway.closedWith]).toEqual([true, 1000]);
    await room.leave();
  });

  it('tells a session that the node or another join has ended, then closes', async () => {
    const bench = new Bench(ada);
    const room = await bench.join();
    const told = record(room, 'sessionClosed', 'trackUnsubscribed', 'connectionStateChanged');
    bench.gateway.event('sessionClosed', { reason: 'superseded' });
    expect(told).toEqual(['sessionClosed', 'trackUnsubscribed', 'connectionStateChanged']);
    expect(room.connection).toMatchObject({ state: 'closed', reason: 'superseded' });
  });

  it('restarts ICE over signaling when media is interrupted', async () => {
    const bench = new Bench();
    const room = await bench.join();
    bench.gateway.answers.set('restartIce', () => ({
      iceParameters: { usernameFragment: 'u2', password: 'p2' },
    }));
    bench.link.signals.stateChanged('recv', 'failed');
    expect(room.connection).toEqual({ state: 'reconnecting', reason: 'media' });
    await bench.clock.advance(10);
    expect(bench.link.restarts).toEqual(['recv']);
    bench.link.signals.stateChanged('recv', 'connected');
    expect(room.connection.state).toBe('connected');
  });
});
