import { describe, expect, it } from 'vitest';
import type { Room } from './room.ts';
import { fakeTrack } from '../testing/fake-engine.ts';
import { Refusal } from '../testing/fake-gateway.ts';
import { ClientHarness, joinAnswer, participant, ready, track } from '../testing/client-harness.ts';
import { recordEvents } from '../testing/record-events.ts';

const ada = { others: [participant('ada')], tracks: [track('cam', 'ada')], subscriptions: [ready('cam')] };
const moved = ready('cam', { subscriptionId: 'sub_cam_2' });

const cameraOf = (room: Room) => room.participants.get('ada')?.tracks.get('cam');

describe('the loss of a gateway', () => {
  async function joined(): Promise<{ harness: ClientHarness; room: Room; emitted: string[] }> {
    const harness = new ClientHarness(ada);
    const room = await harness.join({ url: ['https://one.example.org', 'https://two.example.org'] });
    harness.welcomeAll();
    return { harness, room, emitted: recordEvents(room) };
  }
  const resumed = { resumeToken: 'tok_next', state: { changes: [] } };

  it('resumes the session at the next gateway with the changes of the room in between', async () => {
    const { harness, room, emitted } = await joined();
    const change = { type: 'participantJoined', participant: participant('bob') };
    harness.gateway.answers.set('resume', () => ({
      ...resumed,
      state: { changes: [{ version: 11, change }] },
    }));
    harness.gateway.drop();
    expect(room.connection).toEqual({ state: 'reconnecting', reason: 'signaling' });
    await harness.pass(100);
    expect(harness.gateway.sockets.map(({ url }) => url)).toEqual([
      'wss://one.example.org/v1/signal',
      'wss://two.example.org/v1/signal',
    ]);
    expect(harness.gateway.sent('resume')[0]?.data).toMatchObject({
      room: 'standup',
      identity: 'me',
      sessionId: 'ses_me_1',
      epoch: 1,
      nodeId: 'n1',
      resumeToken: 'tok_1',
      version: 10,
    });
    expect(emitted).toEqual(['reconnecting', 'connected', 'participantJoined']);
    expect(harness.engine.links).toHaveLength(1);
    expect(harness.link.closed).toBe(false);
  });

  it('sends the token of the previous resume with each resume', async () => {
    const { harness } = await joined();
    harness.gateway.answers.set('resume', () => resumed);
    for (let round = 0; round < 2; round++) {
      harness.gateway.drop();
      await harness.pass(100);
    }
    expect(harness.gateway.sent('resume').map(({ data }) => data['resumeToken'])).toEqual([
      'tok_1',
      'tok_next',
    ]);
  });

  it('queues requests, and repairs a subscription that was closed in the meantime', async () => {
    const { harness, room } = await joined();
    harness.gateway.answers.set('resume', () => resumed);
    harness.gateway.answers.set('subscribe', () => moved);
    harness.gateway.answers.set('updateSubscriptions', ({ updates }) =>
      JSON.stringify(updates).includes('sub_cam_2') ? {} : new Refusal('SUBSCRIPTION_NOT_FOUND'),
    );
    harness.gateway.drop();
    const publishing = room.publish(fakeTrack('audio'), { source: 'microphone' });
    await harness.pass(100);
    expect((await publishing).kind).toBe('audio');
    await harness.pass(1000);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(harness.link.receivers.get('sub_cam_2')?.mediaStreamTrack);
  });

  it('retries with backoff, and closes the room after the deadline', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join({ reconnectDeadlineMs: 60_000 });
    harness.gateway.onOpen = () => harness.gateway.drop();
    harness.gateway.drop();
    await harness.pass(59_000);
    expect(room.connection.state).toBe('reconnecting');
    expect(harness.gateway.sockets.length).toBeLessThan(30);
    await harness.pass(7000);
    expect(room.connection).toMatchObject({ state: 'closed', reason: 'connection-lost' });
  });

  it('waits for as long as an unavailable gateway asks', async () => {
    const { harness, room } = await joined();
    let refusals = 2;
    harness.gateway.answers.set('resume', () =>
      refusals-- > 0 ? new Refusal('UNAVAILABLE', 2000) : resumed,
    );
    harness.gateway.drop();
    await harness.pass(1900);
    expect(harness.gateway.sent('resume')).toHaveLength(1);
    await harness.pass(4000);
    expect(room.connection.state).toBe('connected');
  });

  it('rebuilds a session that is over with the same tracks and without leave events', async () => {
    const { harness, room, emitted } = await joined();
    const camera = await room.publish(fakeTrack('video'), { source: 'camera' });
    const theirs = cameraOf(room);
    harness.gateway.answers.set('resume', () => new Refusal('SESSION_NOT_FOUND'));
    harness.gateway.answers.set('join', () => joinAnswer({ ...ada, subscriptions: [moved], epoch: 7 }));
    harness.gateway.drop();
    await harness.pass(500);
    expect(room.connection.state).toBe('recovering');
    harness.link.signals.stateChanged('send', 'connected');
    await harness.pass(100);
    expect(emitted).toEqual(['localTrackPublished', 'reconnecting', 'recovering', 'connected']);
    expect(harness.gateway.sent('join')[1]?.data).toMatchObject({
      identity: 'me',
      room: 'standup',
      lastEpoch: 1,
    });
    const stays = [...harness.gateway.sent('join'), ...harness.gateway.sent('resume')].map(
      ({ data }) => data['stayId'],
    );
    expect([stays.length, new Set(stays).size]).toEqual([3, 1]);
    expect(harness.gateway.sent('join')[0]?.data).not.toHaveProperty('lastEpoch');
    expect(harness.gateway.sent('publish').map(({ data }) => [data['trackId'], data['epoch']])).toEqual([
      [camera.id, 1],
      [camera.id, 7],
    ]);
    expect(cameraOf(room)).toBe(theirs);
    expect(theirs?.mediaStreamTrack).toBe(harness.link.receivers.get('sub_cam_2')?.mediaStreamTrack);
    expect(harness.engine.links.map(({ closed }) => closed)).toEqual([true, false]);
    expect(room.localParticipant).toMatchObject({ sessionId: 'ses_me_7', nodeId: 'n7' });
  });

  it('detects a hung gateway by its silence, and keeps the session when it closes the socket', async () => {
    const { harness, room } = await joined();
    harness.gateway.answers.set('resume', () => resumed);
    await harness.pass(20_000);
    expect(harness.gateway.sockets).toHaveLength(1);
    harness.gateway.answers.delete('ping');
    await harness.pass(4200);
    expect(harness.gateway.sockets[0]?.closedWith).toBe(4002);
    expect(room.connection.state).toBe('connected');
  });

  it('moves from a draining gateway to another one without a visible change', async () => {
    const { harness, room, emitted } = await joined();
    harness.gateway.answers.set('resume', () => resumed);
    harness.gateway.event('moveOver', { withinMs: 3000 });
    expect(harness.gateway.sockets[0]?.closedWith).toBeUndefined();
    await harness.pass(3000);
    expect(harness.gateway.sockets.map(({ closedWith }) => closedWith)).toEqual([1000, undefined]);
    expect([room.connection.state, emitted]).toEqual(['connected', []]);
    await room.publish(fakeTrack('audio'), { source: 'microphone' });
  });

  it('does not block leave()', async () => {
    const { harness, room } = await joined();
    harness.gateway.drop();
    await room.leave();
    await harness.pass(10_000);
    expect(room.connection).toMatchObject({ state: 'closed', reason: 'left' });
    expect(harness.gateway.sent('resume')).toEqual([]);
  });
});

describe('a migration of this client', () => {
  it('keeps the old picture until the first frame from the new node, then drains the old link', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    const emitted = recordEvents(room);
    const own = await room.publish(fakeTrack('video'), { source: 'camera' });
    const [old] = harness.engine.links;
    const before = cameraOf(room)?.mediaStreamTrack;
    harness.engine.flowing = false;
    harness.moveSession('switch', 2, [moved]);
    await harness.pass(1000);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(before);
    expect(harness.link.senders.has(own.id)).toBe(true);
    const receiver = harness.link.receivers.get('sub_cam_2');
    if (receiver) receiver.flowing = true;
    await harness.pass(50);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(receiver?.mediaStreamTrack);
    await harness.pass(100);
    expect(harness.gateway.sent('finishMove')).toEqual([]);
    harness.link.signals.stateChanged('send', 'connected');
    await harness.pass(100);
    expect(harness.gateway.sent('finishMove').map(({ data }) => data)).toEqual([{ epoch: 2 }]);
    // Others may still receive what the old link sends.
    expect([old?.sending, old?.closed]).toEqual([true, false]);
    await harness.pass(6000);
    expect(old?.closed).toBe(true);
    expect(emitted).toEqual(['localTrackPublished']);
    expect(room.connection).toEqual({ state: 'connected', sessionId: 'ses_me_2', nodeId: 'n2' });
  });

  it('ends within its deadline when the new picture never arrives', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    harness.engine.flowing = false;
    harness.moveSession('switch', 2, [moved]);
    await harness.pass(5200);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(harness.link.receivers.get('sub_cam_2')?.mediaStreamTrack);
    expect(harness.gateway.sent('finishMove')).toHaveLength(1);
  });

  it('closes the old link as soon as its node has closed the old session', async () => {
    const harness = new ClientHarness(ada);
    await harness.join();
    harness.moveSession('switch', 2, [moved]);
    await harness.pass(200);
    const [old] = harness.engine.links;
    old?.signals.stateChanged('send', 'disconnected');
    expect(old?.closed).toBe(true);
  });

  it('publishes the same captures and mutes again after a node death, and stops the old link', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    const capture = fakeTrack('audio');
    const microphone = await room.publish(capture, { source: 'microphone' });
    await microphone.mute();
    const emitted = recordEvents(room);
    harness.moveSession('rebuild', 2, [moved]);
    expect(harness.engine.links[0]?.sending).toBe(false);
    await harness.pass(100);
    harness.link.signals.stateChanged('send', 'connected');
    await harness.pass(100);
    expect(harness.gateway.sent('publish')[1]?.data).toMatchObject({
      trackId: microphone.id,
      muted: true,
      epoch: 2,
    });
    expect(harness.link.senders.get(microphone.id)).toMatchObject({ track: capture, paused: true });
    expect(emitted).toEqual(['recovering', 'connected']);
    expect(harness.engine.links[0]?.closed).toBe(true);
    await microphone.unmute();
    expect(harness.link.senders.get(microphone.id)?.paused).toBe(false);
  });

  it('keeps a publish and a mute that were in flight', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    const microphone = await room.publish(fakeTrack('audio'), { source: 'microphone' });
    harness.gateway.answers.delete('publish');
    harness.gateway.answers.set('setTrackMuted', () => new Refusal('SESSION_NOT_FOUND'));
    const publishing = room.publish(fakeTrack('video'), { source: 'camera' });
    const muting = microphone.mute();
    harness.gateway.answers.set('publish', () => ({}));
    harness.moveSession('rebuild', 2);
    harness.gateway.answers.set('setTrackMuted', () => ({}));
    const early = harness.gateway.sent('publish')[1];
    harness.gateway.refuse(early?.id ?? '', new Refusal('STALE_EPOCH'));
    await muting;
    const camera = await publishing;
    expect(room.localParticipant.tracks.get(camera.id)).toBe(camera);
    expect(harness.link.senders.get(camera.id)).toBeDefined();
    expect(harness.link.senders.get(microphone.id)?.paused).toBe(true);
  });

  it('keeps unsubscribed tracks and preferred layers', async () => {
    const harness = new ClientHarness({
      others: [participant('ada')],
      tracks: [track('a', 'ada'), track('b', 'ada')],
      subscriptions: [ready('a'), ready('b')],
    });
    const room = await harness.join();
    const tracks = room.participants.get('ada')?.tracks;
    tracks?.get('a')?.unsubscribe();
    tracks?.get('b')?.setPreferredLayers({ spatialLayer: 0 });
    tracks?.get('b')?.setEnabled(false);
    await harness.settle();
    harness.moveSession('switch', 2, [
      ready('a', { subscriptionId: 'a2' }),
      ready('b', { subscriptionId: 'b2' }),
    ]);
    await harness.pass(100);
    expect(harness.gateway.sent('unsubscribe').map(({ data }) => data['subscriptionId'])).toEqual([
      'sub_a',
      'a2',
    ]);
    expect(harness.gateway.sent('updateSubscriptions').at(-1)?.data['updates']).toEqual([
      { subscriptionId: 'b2', paused: true, preferredLayers: { spatialLayer: 0 } },
    ]);
    expect([tracks?.get('a')?.subscribed, tracks?.get('b')?.subscribed]).toEqual([false, true]);
  });

  it('subscribes to tracks that the new node did not prepare', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join({ autoSubscribe: false });
    harness.gateway.answers.set('subscribe', () => moved);
    harness.moveSession('switch', 2);
    await harness.pass(100);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(harness.link.receivers.get('sub_cam_2')?.mediaStreamTrack);
  });
});
