import { limits, mediaCodecs, SkeinError, subjects } from '@skein/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaNode } from '../node/media-node.ts';
import { TestCluster, type TestSession } from '../testing/cluster.ts';
import { audioParameters, videoParameters } from '../testing/rtp-parameters.ts';

let cluster: TestCluster;
let node: MediaNode;
let ann: TestSession;
let bob: TestSession;

beforeAll(async () => {
  cluster = await TestCluster.start();
  node = await cluster.addNode();
  ann = await cluster.join(node, 'room', 'ann');
  bob = await cluster.join(node, 'room', 'bob');
  await ann.publishAudio('mic', audioParameters({ ssrc: 31, mid: '0' }));
  await bob.publishVideo('cam', videoParameters({ ssrcs: [41, 42, 43], scalabilityMode: 'L1T3' }));
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function failure(call: Promise<unknown>): Promise<SkeinError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SkeinError);
  return error as SkeinError;
}

const audio = (rtpParameters: unknown, more: object = {}): object => ({
  ...{ trackId: 'new', kind: 'audio', source: 'microphone', rtpParameters },
  ...more,
});

describe('a refused publish', () => {
  it.each([
    [
      'its kind is not that of its source',
      audio(audioParameters({ ssrc: 1 }), { source: 'camera' }),
      'INVALID_ARGUMENT',
      'data.kind',
    ],
    [
      'its source does not exist',
      audio(audioParameters({ ssrc: 1 }), { source: 'hologram' }),
      'INVALID_ARGUMENT',
      'data.source',
    ],
    [
      'its track id has a space',
      audio(audioParameters({ ssrc: 1 }), { trackId: 'a b' }),
      'INVALID_ARGUMENT',
      'data.trackId',
    ],
    [
      'its track id is another participant’s',
      audio(audioParameters({ ssrc: 1 }), { trackId: 'cam' }),
      'INVALID_ARGUMENT',
      'data.trackId',
    ],
    ['it has no RTP parameters', audio(undefined), 'INVALID_ARGUMENT', 'data.rtpParameters'],
    [
      'its SSRC is used',
      audio(audioParameters({ ssrc: 31 })),
      'RTP_PARAMETERS_REJECTED',
      'data.rtpParameters.encodings.0.ssrc',
    ],
    [
      'its MID is used',
      audio(audioParameters({ ssrc: 2, mid: '0' })),
      'RTP_PARAMETERS_REJECTED',
      'data.rtpParameters.mid',
    ],
    [
      'two of its encodings have one SSRC',
      { trackId: 'v', kind: 'video', source: 'camera', rtpParameters: videoParameters({ ssrcs: [5, 5] }) },
      'RTP_PARAMETERS_REJECTED',
      'data.rtpParameters.encodings.1.ssrc',
    ],
    [
      'its codec is of another kind',
      audio(videoParameters({ ssrcs: [6] })),
      'RTP_PARAMETERS_REJECTED',
      'data.rtpParameters.codecs.0.mimeType',
    ],
    [
      'its codec is not one of the router',
      audio({
        ...audioParameters({ ssrc: 7 }),
        codecs: [{ mimeType: 'audio/G722', clockRate: 8000, payloadType: 9 }],
      }),
      'RTP_PARAMETERS_REJECTED',
      'data.rtpParameters.codecs.0.mimeType',
    ],
  ])('a publish is refused when %s', async (_when, data, code, field) => {
    expect(await failure(ann.request('publish', data))).toMatchObject({ code, details: { field } });
    expect(node.counts.tracks).toBe(2);
  });

  it('a participant at its track limit cannot publish another', async () => {
    const cho = await cluster.join(node, 'crowded', 'cho');
    for (let at = 0; at < limits.tracksPerParticipant; at++) {
      await cho.publishAudio(`t${at}`, audioParameters({ ssrc: 100 + at }));
    }
    const one = cho.publishAudio('one-more', audioParameters({ ssrc: 99 }));
    expect(await failure(one)).toMatchObject({ code: 'LIMIT_EXCEEDED', details: { limit: 16 } });
    await cho.leave();
  });
});

describe('a refused subscribe', () => {
  it.each([
    ['the track is not there', 'subscribe', { trackId: 'nothing' }, 'TRACK_NOT_FOUND'],
    ['the track is one’s own', 'subscribe', { trackId: 'mic' }, 'OWN_TRACK'],
    [
      'there is no such subscription to update',
      'updateSubscriptions',
      { updates: [{ subscriptionId: 'sub_x', paused: true }] },
      'SUBSCRIPTION_NOT_FOUND',
    ],
    ['nothing is to be updated', 'updateSubscriptions', { updates: [] }, 'INVALID_ARGUMENT'],
  ] as const)('a subscribe is refused when %s', async (_when, method, data, code) => {
    expect(await failure(ann.request(method, data))).toMatchObject({ code });
  });

  it.each([
    ['a negative layer', { spatialLayer: -1 }, 'data.preferredLayers.spatialLayer'],
    ['a layer that no codec has', { spatialLayer: 8 }, 'data.preferredLayers.spatialLayer'],
    ['half a layer', { spatialLayer: 0, temporalLayer: 0.5 }, 'data.preferredLayers.temporalLayer'],
  ])('a subscribe with %s as layers is refused', async (_what, preferredLayers, field) => {
    const asked = ann.request('subscribe', { trackId: 'cam', preferredLayers });
    expect(await failure(asked)).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field } });
  });

  it('a track whose codec the client cannot receive is refused, and left out of open', async () => {
    const cho = await cluster.place(node, 'room', 'cho');
    const codecs = mediaCodecs
      .filter(({ mimeType }) => mimeType !== 'video/VP8')
      .map((codec, at) => ({ ...codec, preferredPayloadType: 100 + at }));
    const rtpCapabilities = { codecs, headerExtensions: [] };
    const { subscriptions } = await cho.request('open', {
      ...cho.opening,
      rtpCapabilities,
      autoSubscribe: true,
    });
    expect(subscriptions.map(({ trackId }) => trackId)).toEqual(['mic']);
    expect(await failure(cho.request('subscribe', { trackId: 'cam' }))).toMatchObject({
      code: 'INCOMPATIBLE_CODECS',
      details: { trackId: 'cam', mimeType: 'video/vp8' },
    });
    await cho.leave();
  });
});

describe('preferred layers', () => {
  it('a missing layer is replaced by the best one below it', async () => {
    const best = { spatialLayer: 7, temporalLayer: 7 };
    const video = await ann.request('subscribe', { trackId: 'cam', preferredLayers: best });
    const sound = await bob.request('subscribe', { trackId: 'mic', preferredLayers: best });
    expect([video.type, sound.type]).toEqual(['simulcast', 'simple']);
    const { subscriptionId } = video;
    const updates = [{ subscriptionId, preferredLayers: { spatialLayer: 5 } }];
    expect(await ann.request('updateSubscriptions', { updates })).toEqual({});
  });
});

describe('updates of subscriptions', () => {
  const pausedOf = async (identity: string): Promise<unknown> => {
    const { sessions } = await cluster.status(node).getRoomMedia({ room: 'room' });
    return sessions.find((session) => session.identity === identity)?.subscriptions;
  };

  it('valid updates are applied, and the answer has the errors of the others', async () => {
    const { subscriptionId } = await ann.request('subscribe', { trackId: 'cam' });
    const updates = [
      { subscriptionId: 'sub_x', paused: false },
      { subscriptionId, paused: false, preferredLayers: { spatialLayer: 7 } },
    ];
    const { refused } = await ann.request('updateSubscriptions', { updates });
    expect(refused).toMatchObject([
      {
        subscriptionId: 'sub_x',
        error: { code: 'SUBSCRIPTION_NOT_FOUND', details: { subscriptionId: 'sub_x' } },
      },
    ]);
    expect(await pausedOf('ann')).toEqual([{ subscriptionId, trackId: 'cam', paused: false }]);
  });

  it('a request fails when all its updates are invalid', async () => {
    const updates = ['sub_x', 'sub_y'].map((subscriptionId) => ({ subscriptionId, paused: false }));
    expect(await failure(ann.request('updateSubscriptions', { updates }))).toMatchObject({
      code: 'SUBSCRIPTION_NOT_FOUND',
    });
  });
});

describe('a refused request', () => {
  it.each([
    ['its session is not here', { sessionId: 'ses_unknown' }, 'SESSION_NOT_FOUND'],
    ['its session is of another room', { room: 'other' }, 'SESSION_NOT_FOUND'],
    ['its epoch is an older one', { epoch: 1 }, 'STALE_EPOCH'],
    ['its epoch is a newer one', { epoch: Number.MAX_SAFE_INTEGER }, 'STALE_EPOCH'],
    ['its method does not exist', { method: 'dance' }, 'INVALID_ARGUMENT'],
    ['its room has a control character', { room: 'a\u0000b' }, 'INVALID_ARGUMENT'],
  ])('a request is refused when %s', async (_when, envelope, code) => {
    expect(await failure(ann.request('restartIce', { direction: 'send' }, envelope))).toMatchObject({ code });
  });

  it.each([[null], ['text'], [[]], [{}]])('a request that is %j is refused', async (message) => {
    const call = cluster.bus.request(subjects.nodeSession(node.nodeId), message, { deadlineMs: 1000 });
    expect(await failure(call)).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('a session with too many waiting requests gets one refused', async () => {
    const requests = Array.from({ length: limits.requestsInFlight + 10 }, () =>
      ann.request('subscribe', { trackId: 'nothing' }),
    );
    const codes = (await Promise.all(requests.map(failure))).map(({ code }) => code);
    expect(codes.filter((code) => code === 'TOO_MANY_REQUESTS')).toHaveLength(10);
    expect(await failure(ann.request('subscribe', { trackId: 'nothing' }))).toMatchObject({
      code: 'TRACK_NOT_FOUND',
    });
  });

  it('an open of a session that the room’s state does not show is refused', async () => {
    const cho = await cluster.place(node, 'room', 'cho');
    const stranger = cho.request('open', { ...cho.opening, identity: 'dee' }, { sessionId: 'ses_dee' });
    expect(await failure(stranger)).toMatchObject({ code: 'STALE_EPOCH' });
    expect(node.counts).toMatchObject({ sessions: 2, clientTransports: 4 });
  });

  it('a second connect of a transport to another client is refused', async () => {
    const fingerprints = [{ algorithm: 'sha-256', value: Array(32).fill('AB').join(':') }];
    const data = { direction: 'send', dtlsParameters: { role: 'client', fingerprints } };
    await ann.request('connectTransport', data);
    const other = [{ algorithm: 'sha-256', value: Array(32).fill('CD').join(':') }];
    const another = { direction: 'send', dtlsParameters: { role: 'client', fingerprints: other } };
    expect(await failure(ann.request('connectTransport', another))).toMatchObject({
      code: 'TRANSPORT_STATE',
    });
    // A repeat is a client that did not get the answer.
    expect(await ann.request('connectTransport', data)).toEqual({});
  });

  it.each([
    ['an unknown room', 'getRoomMedia', { room: 'nowhere' }, 'ROOM_NOT_FOUND'],
    ['a blank room', 'getRoomMedia', { room: ' ' }, 'INVALID_ARGUMENT'],
  ] as const)('a gRPC request for %s is refused', async (_what, method, request, code) => {
    expect(await failure(cluster.status(node)[method](request))).toMatchObject({ code });
  });
});
