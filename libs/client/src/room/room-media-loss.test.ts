import { describe, expect, it } from 'vitest';
import { fakeTrack } from '../testing/fake-engine.ts';
import { Refusal } from '../testing/fake-gateway.ts';
import { ClientHarness, participant, ready, track } from '../testing/client-harness.ts';

const ada = { others: [participant('ada')], tracks: [track('cam', 'ada')], subscriptions: [ready('cam')] };
const restarted = { iceParameters: { usernameFragment: 'u2', password: 'p2' } };

describe('a reported media loss', () => {
  it('keeps participants and tracks through the rebuild', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    const camera = await room.publish(fakeTrack('video'), { source: 'camera' });
    const emitted: string[] = [];
    room.on('connectionStateChanged', ({ connection }) => emitted.push(connection.state));
    for (const name of ['participantLeft', 'trackUnpublished', 'localTrackUnpublished', 'error'] as const)
      room.on(name, () => emitted.push(name));
    harness.gateway.answers.set('restartIce', () => restarted);
    harness.gateway.answers.set('reportMediaLoss', () => ({}));
    harness.link.signals.stateChanged('send', 'disconnected');
    harness.link.signals.stateChanged('recv', 'disconnected');
    await harness.pass(7000);
    expect(harness.gateway.sent('reportMediaLoss')[0]?.data).toEqual({ epoch: 1 });
    harness.moveSession('rebuild', 2, [ready('cam', { subscriptionId: 'sub_cam_2' })]);
    await harness.pass(100);
    harness.link.signals.stateChanged('send', 'connected');
    await harness.pass(100);
    expect(emitted).toEqual(['reconnecting', 'recovering', 'connected']);
    expect(harness.gateway.sent('publish').at(-1)?.data).toMatchObject({ trackId: camera.id, epoch: 2 });
    expect(room.participants.get('ada')?.tracks.get('cam')?.mediaStreamTrack).toBe(
      harness.link.receivers.get('sub_cam_2')?.mediaStreamTrack,
    );
    const reports = harness.gateway.sent('reportMediaLoss').length;
    await harness.pass(20_000);
    expect(harness.gateway.sent('reportMediaLoss')).toHaveLength(reports);
  });

  it('has no effect at a gateway of an earlier version', async () => {
    const harness = new ClientHarness(ada);
    const room = await harness.join();
    harness.gateway.answers.set('restartIce', () => restarted);
    harness.gateway.answers.set('reportMediaLoss', () => new Refusal('UNKNOWN_METHOD'));
    harness.link.signals.stateChanged('recv', 'failed');
    await harness.pass(12_000);
    harness.link.signals.stateChanged('recv', 'connected');
    expect(harness.gateway.sent('reportMediaLoss').length).toBeGreaterThan(0);
    expect(room.connection.state).toBe('connected');
  });
});
