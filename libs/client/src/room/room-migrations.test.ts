import { describe, expect, it } from 'vitest';
import type { RoomEvents } from './room-events.ts';
import type { Room } from './room.ts';
import { fakeTrack } from '../testing/fake-engine.ts';
import { Refusal } from '../testing/fake-gateway.ts';
import { Bench, joinAnswer, participant, ready, track } from '../testing/client-harness.ts';

const ada = { others: [participant('ada')], tracks: [track('cam', 'ada')], subscriptions: [ready('cam')] };
const moved = ready('cam', { subscriptionId: 'sub_cam_2' });

/** Everything that a caller is told of people, tracks and the connection. */
function record(room: Room): string[] {
  const told: string[] = [];
  const names: (keyof RoomEvents)[] = [
    'participantJoined',
    'participantLeft',
    'trackPublished',
    'trackUnpublished',
    'trackUnsubscribed',
    'localTrackPublished',
    'localTrackUnpublished',
    'sessionClosed',
    'error',
  ];
  for (const name of names) room.on(name, () => told.push(name));
  room.on('connectionStateChanged', ({ connection }) => told.push(connection.state));
  return told;
}

const cameraOf = (room: Room) => room.participants.get('ada')?.tracks.get('cam');

describe('a lost gateway', () => {
  async function joined(): Promise<{ bench: Bench; room: Room; told: string[] }> {
    const bench = new Bench(ada);
    const room = await bench.join({ url: ['https://one.example.org', 'https://two.example.org'] });
    bench.welcomeAll();
    return { bench, room, told: record(room) };
  }
  const resumed = { resumeToken: 'tok_next', state: { changes: [] } };

  it('is replaced by the next one, where the session goes on with what the room did meanwhile', async () => {
    const { bench, room, told } = await joined();
    const change = { type: 'participantJoined', participant: participant('bob') };
    bench.gateway.answers.set('resume', () => ({
      ...resumed,
      state: { changes: [{ version: 11, change }] },
    }));
    bench.gateway.drop();
    expect(room.connection).toEqual({ state: 'reconnecting', reason: 'signaling' });
    await bench.pass(100);
    expect(bench.gateway.sockets.map(({ url }) => url)).toEqual([
      'wss://one.example.org/v1/signal',
      'wss://two.example.org/v1/signal',
    ]);
    expect(bench.gateway.sent('resume')[0]?.data).toMatchObject({
      room: 'standup',
      identity: 'me',
      sessionId: 'ses_me_1',
      epoch: 1,
      nodeId: 'n1',
      resumeToken: 'tok_1',
      version: 10,
    });
    expect(told).toEqual(['reconnecting', 'connected', 'participantJoined']);
    expect(bench.engine.links).toHaveLength(1);
    expect(bench.link.closed).toBe(false);
  });

  it('shows in each resume the token of the one before', async () => {
    const { bench } = await joined();
    bench.gateway.answers.set('resume', () => resumed);
    for (let round = 0; round < 2; round++) {
      bench.gateway.drop();
      await bench.pass(100);
    }
    expect(bench.gateway.sent('resume').map(({ data }) => data['resumeToken'])).toEqual([
      'tok_1',
      'tok_next',
    ]);
  });

  it('makes requests wait, and a subscription that was closed meanwhile be made anew', async () => {
    const { bench, room } = await joined();
    bench.gateway.answers.set('resume', () => resumed);
    bench.gateway.answers.set('subscribe', () => moved);
    bench.gateway.answers.set('updateSubscriptions', ({ updates }) =>
      JSON.stringify(updates).includes('sub_cam_2') ? {} : new Refusal('SUBSCRIPTION_NOT_FOUND'),
    );
    bench.gateway.drop();
    const publishing = room.publish(fakeTrack('audio'), { source: 'microphone' });
    await bench.pass(100);
    expect((await publishing).kind).toBe('audio');
    await bench.pass(1000);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(bench.link.receivers.get('sub_cam_2')?.mediaStreamTrack);
  });

  it('is waited for with growing pauses, and given up after the deadline', async () => {
    const bench = new Bench(ada);
    const room = await bench.join({ reconnectDeadlineMs: 60_000 });
    bench.gateway.onOpen = () => bench.gateway.drop();
    bench.gateway.drop();
    await bench.pass(59_000);
    expect(room.connection.state).toBe('reconnecting');
    expect(bench.gateway.sockets.length).toBeLessThan(30);
    await bench.pass(7000);
    expect(room.connection).toMatchObject({ state: 'closed', reason: 'connection-lost' });
  });

  it('is left alone for as long as it asks, when it can not answer yet', async () => {
    const { bench, room } = await joined();
    let refusals = 2;
    bench.gateway.answers.set('resume', () => (refusals-- > 0 ? new Refusal('UNAVAILABLE', 2000) : resumed));
    bench.gateway.drop();
    await bench.pass(1900);
    expect(bench.gateway.sent('resume')).toHaveLength(1);
    await bench.pass(4000);
    expect(room.connection.state).toBe('connected');
  });

  it('costs a session that is over a rebuild, with the same tracks and nobody leaving', async () => {
    const { bench, room, told } = await joined();
    const camera = await room.publish(fakeTrack('video'), { source: 'camera' });
    const theirs = cameraOf(room);
    bench.gateway.answers.set('resume', () => new Refusal('SESSION_NOT_FOUND'));
    bench.gateway.answers.set('join', () => joinAnswer({ ...ada, subscriptions: [moved], epoch: 7 }));
    bench.gateway.drop();
    await bench.pass(500);
    expect(room.connection.state).toBe('recovering');
    bench.link.signals.stateChanged('send', 'connected');
    await bench.pass(100);
    expect(told).toEqual(['localTrackPublished', 'reconnecting', 'recovering', 'connected']);
    expect(bench.gateway.sent('join')[1]?.data).toMatchObject({
      identity: 'me',
      room: 'standup',
      lastEpoch: 1,
    });
    const stays = [...bench.gateway.sent('join'), ...bench.gateway.sent('resume')].map(
      ({ data }) => data['stayId'],
    );
    expect([stays.length, new Set(stays).size]).toEqual([3, 1]);
    expect(bench.gateway.sent('join')[0]?.data).not.toHaveProperty('lastEpoch');
    expect(bench.gateway.sent('publish').map(({ data }) => [data['trackId'], data['epoch']])).toEqual([
      [camera.id, 1],
      [camera.id, 7],
    ]);
    expect(cameraOf(room)).toBe(theirs);
    expect(theirs?.mediaStreamTrack).toBe(bench.link.receivers.get('sub_cam_2')?.mediaStreamTrack);
    expect(bench.engine.links.map(({ closed }) => closed)).toEqual([true, false]);
    expect(room.localParticipant).toMatchObject({ sessionId: 'ses_me_7', nodeId: 'n7' });
  });

  it('that hangs is noticed by its silence, and closed in a way that leaves the session', async () => {
    const { bench, room } = await joined();
    bench.gateway.answers.set('resume', () => resumed);
    await bench.pass(20_000);
    expect(bench.gateway.sockets).toHaveLength(1);
    bench.gateway.answers.delete('ping');
    await bench.pass(4200);
    expect(bench.gateway.sockets[0]?.closedWith).toBe(4002);
    expect(room.connection.state).toBe('connected');
  });

  it('that is going away is left unseen, once the next one has the session', async () => {
    const { bench, room, told } = await joined();
    bench.gateway.answers.set('resume', () => resumed);
    bench.gateway.event('moveOver', { withinMs: 3000 });
    expect(bench.gateway.sockets[0]?.closedWith).toBeUndefined();
    await bench.pass(3000);
    expect(bench.gateway.sockets.map(({ closedWith }) => closedWith)).toEqual([1000, undefined]);
    expect([room.connection.state, told]).toEqual(['connected', []]);
    await room.publish(fakeTrack('audio'), { source: 'microphone' });
  });

  it('does not keep anyone from leaving', async () => {
    const { bench, room } = await joined();
    bench.gateway.drop();
    await room.leave();
    await bench.pass(10_000);
    expect(room.connection).toMatchObject({ state: 'closed', reason: 'left' });
    expect(bench.gateway.sent('resume')).toEqual([]);
  });
});

describe('a move to another node', () => {
  it('by a switch shows the old picture until the first frame of the new one, then lets go', async () => {
    const bench = new Bench(ada);
    const room = await bench.join();
    const told = record(room);
    const own = await room.publish(fakeTrack('video'), { source: 'camera' });
    const [old] = bench.engine.links;
    const before = cameraOf(room)?.mediaStreamTrack;
    bench.engine.flowing = false;
    bench.moveSession('switch', 2, [moved]);
    await bench.pass(1000);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(before);
    expect(bench.link.senders.has(own.id)).toBe(true);
    const receiver = bench.link.receivers.get('sub_cam_2');
    if (receiver) receiver.flowing = true;
    await bench.pass(50);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(receiver?.mediaStreamTrack);
    await bench.pass(100);
    expect(bench.gateway.sent('finishMove')).toEqual([]);
    bench.link.signals.stateChanged('send', 'connected');
    await bench.pass(100);
    expect(bench.gateway.sent('finishMove').map(({ data }) => data)).toEqual([{ epoch: 2 }]);
    // Others may still receive what the old link sends.
    expect([old?.sending, old?.closed]).toEqual([true, false]);
    await bench.pass(6000);
    expect(old?.closed).toBe(true);
    expect(told).toEqual(['localTrackPublished']);
    expect(room.connection).toEqual({ state: 'connected', sessionId: 'ses_me_2', nodeId: 'n2' });
  });

  it('ends within its bound when the new picture never comes', async () => {
    const bench = new Bench(ada);
    const room = await bench.join();
    bench.engine.flowing = false;
    bench.moveSession('switch', 2, [moved]);
    await bench.pass(5200);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(bench.link.receivers.get('sub_cam_2')?.mediaStreamTrack);
    expect(bench.gateway.sent('finishMove')).toHaveLength(1);
  });

  it('closes the old link as soon as its node has ended the old session', async () => {
    const bench = new Bench(ada);
    await bench.join();
    bench.moveSession('switch', 2, [moved]);
    await bench.pass(200);
    const [old] = bench.engine.links;
    old?.signals.stateChanged('send', 'disconnected');
    expect(old?.closed).toBe(true);
  });

  it('after a death publishes the same captures again, mutes included, and sends no more to the dead', async () => {
    const bench = new Bench(ada);
    const room = await bench.join();
    const capture = fakeTrack('audio');
    const microphone = await room.publish(capture, { source: 'microphone' });
    await microphone.mute();
    const told = record(room);
    bench.moveSession('rebuild', 2, [moved]);
    expect(bench.engine.links[0]?.sending).toBe(false);
    await bench.pass(100);
    bench.link.signals.stateChanged('send', 'connected');
    await bench.pass(100);
    expect(bench.gateway.sent('publish')[1]?.data).toMatchObject({
      trackId: microphone.id,
      muted: true,
      epoch: 2,
    });
    expect(bench.link.senders.get(microphone.id)).toMatchObject({ track: capture, paused: true });
    expect(told).toEqual(['recovering', 'connected']);
    expect(bench.engine.links[0]?.closed).toBe(true);
    await microphone.unmute();
    expect(bench.link.senders.get(microphone.id)?.paused).toBe(false);
  });

  it('carries over what was being published and muted when it came', async () => {
    const bench = new Bench();
    const room = await bench.join();
    const microphone = await room.publish(fakeTrack('audio'), { source: 'microphone' });
    bench.gateway.answers.delete('publish');
    bench.gateway.answers.set('setTrackMuted', () => new Refusal('SESSION_NOT_FOUND'));
    const publishing = room.publish(fakeTrack('video'), { source: 'camera' });
    const muting = microphone.mute();
    bench.gateway.answers.set('publish', () => ({}));
    bench.moveSession('rebuild', 2);
    bench.gateway.answers.set('setTrackMuted', () => ({}));
    const early = bench.gateway.sent('publish')[1];
    bench.gateway.refuse(early?.id ?? '', new Refusal('STALE_EPOCH'));
    await muting;
    const camera = await publishing;
    expect(room.localParticipant.tracks.get(camera.id)).toBe(camera);
    expect(bench.link.senders.get(camera.id)).toBeDefined();
    expect(bench.link.senders.get(microphone.id)?.paused).toBe(true);
  });

  it('keeps what the caller let go of let go, and what it chose chosen', async () => {
    const bench = new Bench({
      others: [participant('ada')],
      tracks: [track('a', 'ada'), track('b', 'ada')],
      subscriptions: [ready('a'), ready('b')],
    });
    const room = await bench.join();
    const tracks = room.participants.get('ada')?.tracks;
    tracks?.get('a')?.unsubscribe();
    tracks?.get('b')?.setPreferredLayers({ spatialLayer: 0 });
    tracks?.get('b')?.setEnabled(false);
    await bench.settle();
    bench.moveSession('switch', 2, [
      ready('a', { subscriptionId: 'a2' }),
      ready('b', { subscriptionId: 'b2' }),
    ]);
    await bench.pass(100);
    expect(bench.gateway.sent('unsubscribe').map(({ data }) => data['subscriptionId'])).toEqual([
      'sub_a',
      'a2',
    ]);
    expect(bench.gateway.sent('updateSubscriptions').at(-1)?.data['updates']).toEqual([
      { subscriptionId: 'b2', paused: true, preferredLayers: { spatialLayer: 0 } },
    ]);
    expect([tracks?.get('a')?.subscribed, tracks?.get('b')?.subscribed]).toEqual([false, true]);
  });

  it('asks by itself for what the new node did not make ready', async () => {
    const bench = new Bench(ada);
    const room = await bench.join({ autoSubscribe: false });
    bench.gateway.answers.set('subscribe', () => moved);
    bench.moveSession('switch', 2);
    await bench.pass(100);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(bench.link.receivers.get('sub_cam_2')?.mediaStreamTrack);
  });
});

describe('a move of someone else', () => {
  const republished = track('cam', 'ada', { epoch: 2, nodeId: 'n2' });
  const fresh = ready('cam', { subscriptionId: 'sub_cam_2', epoch: 2 });

  it('is followed at the first frame of their new source, and seen by nobody', async () => {
    const bench = new Bench(ada);
    const room = await bench.join();
    const told = record(room);
    const camera = cameraOf(room);
    bench.gateway.answers.set('subscribe', () => fresh);
    bench.link.flowing = false;
    const who = participant('ada', { epoch: 2, nodeId: 'n2' });
    bench.roomChanged(11, { type: 'participantMoved', participant: who, reason: 'drain' });
    bench.roomChanged(12, { type: 'trackPublished', track: republished });
    await bench.pass(500);
    const before = bench.link.receivers.get('sub_cam');
    expect([camera?.mediaStreamTrack, before?.closed]).toEqual([before?.mediaStreamTrack, false]);
    const after = bench.link.receivers.get('sub_cam_2');
    if (after) after.flowing = true;
    await bench.pass(50);
    expect([cameraOf(room), camera?.mediaStreamTrack]).toEqual([camera, after?.mediaStreamTrack]);
    expect(before?.closed).toBe(true);
    expect(bench.gateway.sent('unsubscribe').map(({ data }) => data)).toEqual([
      { subscriptionId: 'sub_cam' },
    ]);
    expect([camera?.nodeId, told]).toEqual(['n2', []]);
  });

  it('after a death waits with the last picture for the source to come back', async () => {
    const bench = new Bench(ada);
    const room = await bench.join();
    const told = record(room);
    const last = cameraOf(room)?.mediaStreamTrack;
    bench.gateway.answers.set('subscribe', () => new Refusal('TRACK_NOT_FOUND'));
    const closed = { subscriptionId: 'sub_cam', trackId: 'cam', reason: 'origin gone' };
    bench.gateway.event('subscriptionClosed', closed);
    await bench.pass(3000);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(last);
    bench.gateway.answers.set('subscribe', () => fresh);
    bench.roomChanged(11, { type: 'trackPublished', track: republished });
    await bench.pass(50);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(bench.link.receivers.get('sub_cam_2')?.mediaStreamTrack);
    expect(told).toEqual([]);
  });

  it('that does not come back within 10 seconds shows as not received', async () => {
    const bench = new Bench(ada);
    const room = await bench.join();
    bench.gateway.answers.set('subscribe', () => new Refusal('TRACK_NOT_FOUND'));
    const closed = { subscriptionId: 'sub_cam', trackId: 'cam', reason: 'origin gone' };
    bench.gateway.event('subscriptionClosed', closed);
    await bench.pass(9900);
    expect(cameraOf(room)?.subscribed).toBe(true);
    await bench.pass(200);
    expect(cameraOf(room)?.subscribed).toBe(false);
  });

  it('asks again while its own node still knows the old source only', async () => {
    const bench = new Bench(ada);
    const room = await bench.join();
    let stale = 2;
    bench.gateway.answers.set('subscribe', () => (stale-- > 0 ? ready('cam') : fresh));
    bench.roomChanged(11, { type: 'trackPublished', track: republished });
    await bench.pass(1000);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(bench.link.receivers.get('sub_cam_2')?.mediaStreamTrack);
    expect(bench.link.receivers.size).toBe(2);
  });

  it('lets go of what it was still taking up, so that the node makes another subscription', async () => {
    const bench = new Bench(ada);
    const room = await bench.join();
    bench.engine.flowing = false;
    bench.moveSession('switch', 2, [moved]);
    await bench.pass(100);
    bench.gateway.answers.set('subscribe', () => ready('cam', { subscriptionId: 'sub_cam_3', epoch: 2 }));
    bench.roomChanged(11, { type: 'trackPublished', track: republished });
    await bench.pass(100);
    expect(bench.gateway.sent('unsubscribe').map(({ data }) => data)).toEqual([
      { subscriptionId: 'sub_cam_2' },
    ]);
    expect(bench.link.receivers.get('sub_cam_2')?.closed).toBe(true);
    await bench.pass(5000);
    expect(cameraOf(room)?.mediaStreamTrack).toBe(bench.link.receivers.get('sub_cam_3')?.mediaStreamTrack);
  });
});
