import { startCluster, type LocalCluster } from '@skein/local-cluster';
import { PROTOCOL_VERSION, routerRtpCapabilities } from '@skein/protocol';
import { ClusterProbe, eventuallyHolds, SignalClient, storedKeys } from '@skein/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let cluster: LocalCluster;
let probe: ClusterProbe;

beforeAll(async () => {
  cluster = await startCluster({ gateways: 2, mediaNodes: 2 });
  probe = new ClusterProbe(cluster.control!.grpcAddress);
}, 60_000);

afterAll(async () => {
  probe?.[Symbol.dispose]();
  await cluster?.stop();
});

function connect(gateway = 0): Promise<SignalClient> {
  return SignalClient.open(cluster.gateways[gateway]!.signalUrl);
}

/** Opus with an SSRC, as a browser would send it. */
function opus(ssrc: number, payloadType = 100) {
  return {
    codecs: [{ mimeType: 'audio/opus', clockRate: 48_000, channels: 2, payloadType }],
    encodings: [{ ssrc }],
    rtcp: { cname: 'test' },
  };
}

function publication(trackId: string, ssrc: number) {
  return { trackId, kind: 'audio', source: 'microphone', rtpParameters: opus(ssrc) } as const;
}

describe('two clients of one room on two gateways', () => {
  it('see each other come, publish, mute and go', async () => {
    await using ada = await connect(0);
    await using ben = await connect(1);
    await ada.join('hall', 'ada');
    const { room } = await ben.join('hall', 'ben');
    expect(room.participants.map(({ identity }) => identity).sort()).toEqual(['ada', 'ben']);
    await ada.event(
      'roomChanged',
      (change) => change.type === 'participantJoined' && change.participant.identity === 'ben',
    );

    await ada.request('publish', publication('trk_ada', 1111));
    await ben.event(
      'roomChanged',
      (change) => change.type === 'trackPublished' && change.track.trackId === 'trk_ada',
    );
    await ada.request('setTrackMuted', { trackId: 'trk_ada', muted: true });
    await ben.event('roomChanged', (change) => change.type === 'trackUpdated' && change.muted);
    await ada.request('leave', {});
    await ben.event(
      'roomChanged',
      (change) => change.type === 'participantLeft' && change.identity === 'ada',
    );

    const versions = ben.events.flatMap(({ event, version }) =>
      event === 'roomChanged' && version ? [version] : [],
    );
    const newer = versions.filter((version) => version > room.version);
    expect(newer).toEqual(newer.map((_, index) => room.version + 1 + index));
  });

  it('hear of the other closing its socket without a word', async () => {
    await using ada = await connect(0);
    await ada.join('abandoned', 'ada');
    const ben = await connect(1);
    await ben.join('abandoned', 'ben');
    await ben[Symbol.asyncDispose]();
    await ada.event(
      'roomChanged',
      (change) => change.type === 'participantLeft' && change.identity === 'ben',
    );
  });
});

describe('a participant who joins again elsewhere', () => {
  it('takes over: the first session ends, its requests are stale, its socket stays', async () => {
    await using first = await connect(0);
    await using second = await connect(1);
    const { epoch } = await first.join('desk', 'ada');
    const again = await second.join('desk', 'ada');
    expect(again.epoch).toBeGreaterThan(epoch);
    expect(again.room.participants).toHaveLength(1);
    expect(await first.event('sessionClosed')).toEqual({ reason: 'superseded' });
    await expect(first.request('publish', publication('trk_1', 2222))).rejects.toMatchObject({
      code: 'STALE_EPOCH',
    });
    await first.request('ping', {});
    await second.request('publish', publication('trk_2', 2222));
  });
});

describe('a participant who resumes its own session as somebody else', () => {
  it('is refused, and may resume it as itself; the other hears nothing', async () => {
    await using ada = await connect(0);
    await using mallory = await connect(0);
    await using again = await connect(1);
    await ada.join('vault', 'ada');
    const { sessionId, epoch, nodeId, resumeToken, room } = await mallory.join('vault', 'mallory');
    const held = { sessionId, epoch, nodeId, resumeToken, version: room.version };
    const request = {
      ...held,
      ...{ room: 'vault', name: 'mallory', protocolVersion: PROTOCOL_VERSION },
      rtpCapabilities: routerRtpCapabilities,
    };
    await expect(again.request('resume', { ...request, identity: 'ada' })).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
    await again.request('resume', { ...request, identity: 'mallory' });
    await ada.request('restartIce', { direction: 'send' });
    expect(ada.events.filter(({ event }) => event === 'sessionClosed')).toEqual([]);
  });
});

describe('requests that make no sense', () => {
  it.each([
    ['a track that is not there', 'subscribe', { trackId: 'trk_nowhere' }, 'TRACK_NOT_FOUND'],
    ['one’s own track', 'subscribe', { trackId: 'trk_mine' }, 'OWN_TRACK'],
    [
      'a codec that the router does not have',
      'publish',
      {
        ...publication('trk_x', 31),
        rtpParameters: { ...opus(31), codecs: [{ mimeType: 'audio/PCMU', clockRate: 8000, payloadType: 0 }] },
      },
      'RTP_PARAMETERS_REJECTED',
    ],
    ['an SSRC that is used already', 'publish', publication('trk_y', 4444), 'RTP_PARAMETERS_REJECTED'],
    [
      'an audio track as a camera',
      'publish',
      { ...publication('trk_z', 32), source: 'camera' },
      'INVALID_ARGUMENT',
    ],
    ['muting a track of nobody', 'setTrackMuted', { trackId: 'trk_nowhere', muted: true }, 'TRACK_NOT_FOUND'],
    [
      'resuming a subscription that is not there',
      'updateSubscriptions',
      { updates: [{ subscriptionId: 'sub_x', paused: false }] },
      'SUBSCRIPTION_NOT_FOUND',
    ],
    [
      'a second join',
      'join',
      { protocolVersion: 1, room: 'nonsense', name: 'x', rtpCapabilities: { codecs: [] } },
      'ALREADY_JOINED',
    ],
  ])('get a typed error and nothing else happens: %s', async (_, method, data, code) => {
    await using client = await connect();
    await client.join(`nonsense ${code} ${method}`, 'ada');
    await client.request('publish', publication('trk_mine', 4444));
    await expect(client.requestRaw(method, data)).rejects.toMatchObject({ code });
    await client.request('ping', {});
    await client.request('setTrackMuted', { trackId: 'trk_mine', muted: true });
  });

  it("a layer above the track's gets its best one, and an invalid layer an error with the field", async () => {
    await using ada = await connect(0);
    await using ben = await connect(1);
    await ada.join('layers', 'ada', { nodeId: cluster.mediaNodes[0]!.nodeId });
    await ada.request('publish', publication('trk_layers', 5555));
    const { subscriptions } = await ben.join('layers', 'ben', { nodeId: cluster.mediaNodes[1]!.nodeId });
    const { subscriptionId } =
      subscriptions[0] ?? (await ben.request('subscribe', { trackId: 'trk_layers' }));
    const wish = (spatialLayer: number): object => ({
      updates: [{ subscriptionId, preferredLayers: { spatialLayer } }],
    });
    expect(await ben.requestRaw('updateSubscriptions', wish(5))).toEqual({});
    await expect(ben.requestRaw('updateSubscriptions', wish(-1))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { field: expect.stringContaining('spatialLayer') as string },
    });
  });
});

describe('when everyone has gone', () => {
  it('nothing is left on any node, nor in the store', async () => {
    await eventuallyHolds(async () => {
      expect(await probe.leftovers()).toEqual([]);
      expect(await storedKeys(cluster.redisUrl, 'skein:{room*')).toEqual([]);
    });
  });
});
