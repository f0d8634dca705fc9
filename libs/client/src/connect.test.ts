import { routerRtpCapabilities } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { Refusal } from './testing/fake-gateway.ts';
import { ClientHarness, joinAnswer, participant, ready, track, welcome } from './testing/client-harness.ts';

const ada = {
  others: [participant('ada')],
  tracks: [track('cam', 'ada'), track('mic', 'ada', { source: 'microphone', kind: 'audio' })],
};

describe('connect', () => {
  it('loads the engine before the gateway answers, and once for the expected capabilities', async () => {
    const harness = new ClientHarness();
    const connecting = harness.connect();
    expect(harness.engine.loads).toHaveLength(1);
    harness.gateway.accept();
    harness.gateway.event('welcome', welcome);
    await connecting;
    expect(harness.engine.loads).toHaveLength(1);
    expect(harness.gateway.sent('join')[0]?.data).toMatchObject({
      protocolVersion: 1,
      room: 'standup',
      name: 'Me',
    });
  });

  it('loads the engine again when the gateway offers other capabilities', async () => {
    const harness = new ClientHarness();
    const connecting = harness.connect();
    harness.gateway.accept();
    const fewer = { ...routerRtpCapabilities, codecs: routerRtpCapabilities.codecs.slice(0, 2) };
    harness.gateway.event('welcome', { ...welcome, routerRtpCapabilities: fewer });
    await connecting;
    expect(harness.engine.loads).toEqual([routerRtpCapabilities, fewer]);
  });

  it('resumes all prepared subscriptions in one request and subscribes to the other tracks', async () => {
    const harness = new ClientHarness({
      ...ada,
      tracks: [...ada.tracks, track('screen', 'ada', { source: 'screen' })],
      subscriptions: [ready('cam'), ready('mic')],
    });
    const room = await harness.join();
    const [first] = harness.gateway.sent('updateSubscriptions');
    expect(first?.data['updates']).toEqual([
      { subscriptionId: 'sub_cam', paused: false },
      { subscriptionId: 'sub_mic', paused: false },
    ]);
    expect(harness.gateway.sent('subscribe').map(({ data }) => data['trackId'])).toEqual(['screen']);
    expect(
      [...(room.participants.get('ada')?.tracks.values() ?? [])].map(({ subscribed }) => subscribed),
    ).toEqual([true, true, true]);
  });

  it('subscribes to nothing with autoSubscribe off until subscribe() is called', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join({ autoSubscribe: false });
    expect(harness.gateway.sent('subscribe')).toEqual([]);
    room.participants.get('ada')?.tracks.get('cam')?.subscribe();
    await harness.settle();
    expect(harness.gateway.sent('subscribe')).toHaveLength(1);
  });

  it('buffers changes that overtake the answer and applies those newer than its snapshot', async () => {
    const harness = new ClientHarness();
    harness.gateway.answers.set('join', () => {
      harness.roomChanged(10, { type: 'participantJoined', participant: participant('old') });
      harness.roomChanged(11, { type: 'participantJoined', participant: participant('new') });
      return joinAnswer();
    });
    const room = await harness.join();
    expect([...room.participants.keys()]).toEqual(['new']);
  });

  it('fails with the code of the gateway and closes the socket', async () => {
    const harness = new ClientHarness();
    harness.gateway.answers.set('join', () => new Refusal('ROOM_FULL'));
    await expect(harness.join()).rejects.toMatchObject({ code: 'ROOM_FULL' });
    expect(harness.gateway.closedWith).toBe(1000);
  });

  it('refuses a gateway that speaks another protocol', async () => {
    const harness = new ClientHarness();
    const connecting = harness.connect();
    harness.gateway.accept();
    harness.gateway.event('welcome', { ...welcome, protocolVersion: 2 });
    await expect(connecting).rejects.toMatchObject({ code: 'UNSUPPORTED_PROTOCOL' });
  });

  it('fails when the socket does not open', async () => {
    const harness = new ClientHarness();
    const failure = failureOf(harness.connect());
    harness.gateway.drop();
    expect(await failure).toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
  });

  it('fails when the gateway sends no welcome within 10 seconds', async () => {
    const harness = new ClientHarness();
    const failure = failureOf(harness.connect());
    harness.gateway.accept();
    await harness.clock.advance(10_000);
    expect(await failure).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('fails when it is aborted, and closes the socket', async () => {
    const harness = new ClientHarness();
    const abort = new AbortController();
    const failure = failureOf(harness.connect({ signal: abort.signal }));
    abort.abort();
    expect(await failure).toMatchObject({ code: 'ABORTED' });
    expect(harness.gateway.closedWith).toBe(1000);
  });
});

async function failureOf(failing: Promise<unknown>): Promise<unknown> {
  return await failing.then(
    () => 'no failure',
    (error: unknown) => error,
  );
}
