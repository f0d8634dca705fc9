import { describe, expect, it } from 'vitest';
import { ClientHarness, participant, ready, track } from '../testing/client-harness.ts';
import { Refusal } from '../testing/fake-gateway.ts';
import { recordEvents } from '../testing/record-events.ts';
import type { Room } from './room.ts';

const ada = { others: [participant('ada')], tracks: [track('cam', 'ada')], subscriptions: [ready('cam')] };
const moved = ready('cam', { subscriptionId: 'sub_cam_2' });
const cameraOf = (room: Room) => room.participants.get('ada')?.tracks.get('cam');

describe('a migration of another participant', () => {
  const republished = track('cam', 'ada', { epoch: 2, nodeId: 'n2' });
  const fresh = ready('cam', { subscriptionId: 'sub_cam_2', epoch: 2 });

  it('switches at the first frame of the new source without any event', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    const emitted = recordEvents(room);
    const camera = cameraOf(room);
    harness.gateway.answers.set('subscribe', () => fresh);
    harness.link.flowing = false;
    const who = participant('ada', { epoch: 2, nodeId: 'n2' });
    harness.roomChanged(11, { type: 'participantMoved', participant: who, reason: 'drain' });
    harness.roomChanged(12, { type: 'trackPublished', track: republished });
    await harness.pass(500);
    const before = harness.link.receivers.get('sub_cam');
    expect([camera?.mediaStreamTrack, before?.closed]).toEqual([before?.mediaStreamTrack, false]);
    const after = harness.link.receivers.get('sub_cam_2');
    if (after) after.flowing = true;
    await harness.pass(50);
    expect([cameraOf(room), camera?.mediaStreamTrack]).toEqual([camera, after?.mediaStreamTrack]);
    expect(before?.closed).toBe(true);
    expect(harness.gateway.sent('unsubscribe').map(({ data }) => data)).toEqual([
      { subscriptionId: 'sub_cam' },
    ]);
    expect([camera?.nodeId, emitted]).toEqual(['n2', []]);
  });

  it('shows the last picture after a node death until the source returns', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    const emitted = recordEvents(room);
    const last = cameraOf(room)?.mediaStreamTrack;
    harness.gateway.answers.set('subscribe', () => new Refusal('TRACK_NOT_FOUND'));
    const closed = { subscriptionId: 'sub_cam', trackId: 'cam', reason: 'origin gone' };
    harness.gateway.event('subscriptionClosed', closed);
    await harness.pass(3000);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(last);
    harness.gateway.answers.set('subscribe', () => fresh);
    harness.roomChanged(11, { type: 'trackPublished', track: republished });
    await harness.pass(50);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(harness.link.receivers.get('sub_cam_2')?.mediaStreamTrack);
    expect(emitted).toEqual([]);
  });

  it('unsubscribes when the source has not returned within 10 seconds', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    harness.gateway.answers.set('subscribe', () => new Refusal('TRACK_NOT_FOUND'));
    const closed = { subscriptionId: 'sub_cam', trackId: 'cam', reason: 'origin gone' };
    harness.gateway.event('subscriptionClosed', closed);
    await harness.pass(9900);
    expect(cameraOf(room)?.subscribed).toBe(true);
    await harness.pass(200);
    expect(cameraOf(room)?.subscribed).toBe(false);
  });

  it('retries while the own node knows only the old source', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    let stale = 2;
    harness.gateway.answers.set('subscribe', () => (stale-- > 0 ? ready('cam') : fresh));
    harness.roomChanged(11, { type: 'trackPublished', track: republished });
    await harness.pass(1000);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(harness.link.receivers.get('sub_cam_2')?.mediaStreamTrack);
    expect(harness.link.receivers.size).toBe(2);
  });

  it('releases a pending subscription so that the node makes another one', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    harness.engine.flowing = false;
    harness.moveSession('switch', 2, [moved]);
    await harness.pass(100);
    harness.gateway.answers.set('subscribe', () => ready('cam', { subscriptionId: 'sub_cam_3', epoch: 2 }));
    harness.roomChanged(11, { type: 'trackPublished', track: republished });
    await harness.pass(100);
    expect(harness.gateway.sent('unsubscribe').map(({ data }) => data)).toEqual([
      { subscriptionId: 'sub_cam_2' },
    ]);
    expect(harness.link.receivers.get('sub_cam_2')?.closed).toBe(true);
    await harness.pass(5000);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(harness.link.receivers.get('sub_cam_3')?.mediaStreamTrack);
  });
});
