import { routerRtpCapabilities } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { Refusal } from './testing/fake-gateway.ts';
import { Bench, joinAnswer, participant, ready, track, welcome } from './testing/client-harness.ts';

const ada = {
  others: [participant('ada')],
  tracks: [track('cam', 'ada'), track('mic', 'ada', { source: 'microphone', kind: 'audio' })],
};

describe('connecting to a room', () => {
  it('loads the engine before the gateway has answered, and only once when it holds what was expected', async () => {
    const bench = new Bench();
    const connecting = bench.connect();
    expect(bench.engine.loads).toHaveLength(1);
    bench.gateway.accept();
    bench.gateway.event('welcome', welcome);
    await connecting;
    expect(bench.engine.loads).toHaveLength(1);
    expect(bench.gateway.sent('join')[0]?.data).toMatchObject({
      protocolVersion: 1,
      room: 'standup',
      name: 'Me',
    });
  });

  it('loads the engine again when the gateway offers something else', async () => {
    const bench = new Bench();
    const connecting = bench.connect();
    bench.gateway.accept();
    const fewer = { ...routerRtpCapabilities, codecs: routerRtpCapabilities.codecs.slice(0, 2) };
    bench.gateway.event('welcome', { ...welcome, routerRtpCapabilities: fewer });
    await connecting;
    expect(bench.engine.loads).toEqual([routerRtpCapabilities, fewer]);
  });

  it('consumes what is ready, resumes all of it in one request, and asks for the rest', async () => {
    const bench = new Bench({
      ...ada,
      tracks: [...ada.tracks, track('screen', 'ada', { source: 'screen' })],
      subscriptions: [ready('cam'), ready('mic')],
    });
    const room = await bench.join();
    const [first] = bench.gateway.sent('updateSubscriptions');
    expect(first?.data['updates']).toEqual([
      { subscriptionId: 'sub_cam', paused: false },
      { subscriptionId: 'sub_mic', paused: false },
    ]);
    expect(bench.gateway.sent('subscribe').map(({ data }) => data['trackId'])).toEqual(['screen']);
    expect(
      [...(room.participants.get('ada')?.tracks.values() ?? [])].map(({ subscribed }) => subscribed),
    ).toEqual([true, true, true]);
  });

  it('asks for nothing with autoSubscribe off until a track is subscribed to', async () => {
    const bench = new Bench(ada);
    const room = await bench.join({ autoSubscribe: false });
    expect(bench.gateway.sent('subscribe')).toEqual([]);
    room.participants.get('ada')?.tracks.get('cam')?.subscribe();
    await bench.settle();
    expect(bench.gateway.sent('subscribe')).toHaveLength(1);
  });

  it('keeps changes that overtake the answer and applies those newer than its snapshot', async () => {
    const bench = new Bench();
    bench.gateway.answers.set('join', () => {
      bench.roomChanged(10, { type: 'participantJoined', participant: participant('old') });
      bench.roomChanged(11, { type: 'participantJoined', participant: participant('new') });
      return joinAnswer();
    });
    const room = await bench.join();
    expect([...room.participants.keys()]).toEqual(['new']);
  });

  it('fails with the code of the gateway and closes the socket', async () => {
    const bench = new Bench();
    bench.gateway.answers.set('join', () => new Refusal('ROOM_FULL'));
    await expect(bench.join()).rejects.toMatchObject({ code: 'ROOM_FULL' });
    expect(bench.gateway.closedWith).toBe(1000);
  });

  it('refuses a gateway that speaks another protocol', async () => {
    const bench = new Bench();
    const connecting = bench.connect();
    bench.gateway.accept();
    bench.gateway.event('welcome', { ...welcome, protocolVersion: 2 });
    await expect(connecting).rejects.toMatchObject({ code: 'UNSUPPORTED_PROTOCOL' });
  });

  it('gives up when the socket does not open', async () => {
    const bench = new Bench();
    const failure = failureOf(bench.connect());
    bench.gateway.drop();
    expect(await failure).toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
  });

  it('gives up when the gateway says nothing for 10 seconds', async () => {
    const bench = new Bench();
    const failure = failureOf(bench.connect());
    bench.gateway.accept();
    await bench.clock.advance(10_000);
    expect(await failure).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('gives up when it is aborted, and closes the socket', async () => {
    const bench = new Bench();
    const abort = new AbortController();
    const failure = failureOf(bench.connect({ signal: abort.signal }));
    abort.abort();
    expect(await failure).toMatchObject({ code: 'ABORTED' });
    expect(bench.gateway.closedWith).toBe(1000);
  });
});

async function failureOf(failing: Promise<unknown>): Promise<unknown> {
  return await failing.then(
    () => 'no failure',
    (error: unknown) => error,
  );
}
