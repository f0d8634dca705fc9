import { describe, expect, it } from 'vitest';
import { fakeTrack } from '../testing/fake-engine.ts';
import { Refusal } from '../testing/fake-gateway.ts';
import { Bench, participant, ready, track } from '../testing/client-harness.ts';

const ada = { others: [participant('ada')], tracks: [track('cam', 'ada')], subscriptions: [ready('cam')] };
const restarted = { iceParameters: { usernameFragment: 'u2', password: 'p2' } };

describe('a move that a client asks for, since ICE finds no way to a node that answers', () => {
  it('keeps people and tracks', async () => {
    const bench = new Bench(ada);
    const room = await bench.join();
    const camera = await room.publish(fakeTrack('video'), { source: 'camera' });
    const told: string[] = [];
    room.on('connectionStateChanged', ({ connection }) => told.push(connection.state));
    for (const name of ['participantLeft', 'trackUnpublished', 'localTrackUnpublished', 'error'] as const)
      room.on(name, () => told.push(name));
    bench.gateway.answers.set('restartIce', () => restarted);
    bench.gateway.answers.set('reportMediaLoss', () => ({}));
    bench.link.signals.stateChanged('send', 'disconnected');
    bench.link.signals.stateChanged('recv', 'disconnected');
    await bench.pass(7000);
    expect(bench.gateway.sent('reportMediaLoss')[0]?.data).toEqual({ epoch: 1 });
    bench.moveSession('rebuild', 2, [ready('cam', { subscriptionId: 'sub_cam_2' })]);
    await bench.pass(100);
    bench.link.signals.stateChanged('send', 'connected');
    await bench.pass(100);
    expect(told).toEqual(['reconnecting', 'recovering', 'connected']);
    expect(bench.gateway.sent('publish').at(-1)?.data).toMatchObject({ trackId: camera.id, epoch: 2 });
    expect(room.participants.get('ada')?.tracks.get('cam')?.mediaStreamTrack).toBe(
      bench.link.receivers.get('sub_cam_2')?.mediaStreamTrack,
    );
    const reports = bench.gateway.sent('reportMediaLoss').length;
    await bench.pass(20_000);
    expect(bench.gateway.sent('reportMediaLoss')).toHaveLength(reports);
  });

  it('may be unknown to a gateway of an earlier version, which costs nothing', async () => {
    const bench = new Bench(ada);
    const room = await bench.join();
    bench.gateway.answers.set('restartIce', () => restarted);
    bench.gateway.answers.set('reportMediaLoss', () => new Refusal('UNKNOWN_METHOD'));
    bench.link.signals.stateChanged('recv', 'failed');
    await bench.pass(12_000);
    bench.link.signals.stateChanged('recv', 'connected');
    expect(bench.gateway.sent('reportMediaLoss').length).toBeGreaterThan(0);
    expect(room.connection.state).toBe('connected');
  });
});
