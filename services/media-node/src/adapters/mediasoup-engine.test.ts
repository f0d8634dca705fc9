import { freePort } from '@skein/local-cluster';
import { routerRtpCapabilities, SkeinError, type RtpParameters } from '@skein/protocol';
import { createWorker, observer, type types } from 'mediasoup';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientTransport, MediaRouter, MediaWorker } from '../media/engine.ts';
import { anyReceiver, audioParameters, videoParameters } from '../testing/rtp-parameters.ts';
import { mediaCodecsOfRouters, mediasoupEngine } from './mediasoup-engine.ts';

let worker: MediaWorker;
let router: MediaRouter;

beforeAll(async () => {
  worker = await mediasoupEngine().startWorker({ listen: [{ ip: '127.0.0.1', announced: [] }], rtcPort: 0 });
  router = await worker.createRouter();
});
afterAll(() => worker.close());

async function rejected(parameters: RtpParameters, given?: ClientTransport): Promise<SkeinError> {
  const transport = given ?? (await router.createClientTransport('send'));
  const kind = parameters.codecs[0]?.mimeType.startsWith('audio') ? 'audio' : 'video';
  const error: unknown = await transport.receive({ kind, rtpParameters: parameters, muted: false }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SkeinError);
  return error as SkeinError;
}

it('a worker ignores signals, which its process handles', () => {
  const mediasoups = ['SIGINT', 'SIGTERM'].flatMap((signal) =>
    process.listeners(signal as NodeJS.Signals).filter(({ name }) => name === 'onSignal'),
  );
  expect(mediasoups).toEqual([]);
});

describe('a router', () => {
  it('a router receives exactly the capabilities of the protocol', async () => {
    const bare = await createWorker({ logLevel: 'none' });
    const { rtpCapabilities } = await bare.createRouter({ mediaCodecs: mediaCodecsOfRouters() });
    bare.close();
    expect(rtpCapabilities).toEqual(routerRtpCapabilities);
  });

  it('a router offers one UDP and one TCP candidate, UDP first', async () => {
    const { offer } = await router.createClientTransport('receive');
    const candidates = offer.iceCandidates.toSorted((a, b) => b.priority - a.priority);
    expect(candidates.map(({ protocol }) => protocol)).toEqual(['udp', 'tcp']);
    expect(offer.iceParameters.iceLite).toBe(true);
    expect(offer.dtlsParameters.fingerprints.length).toBeGreaterThan(0);
  });

  it('a router announces its announced address to clients', async () => {
    const given = await mediasoupEngine().startWorker({
      listen: [{ ip: '127.0.0.1', announced: ['sfu.example'] }],
      rtcPort: 0,
    });
    const transport = await (await given.createRouter()).createClientTransport('receive');
    expect(new Set(transport.offer.iceCandidates.map(({ address }) => address))).toEqual(
      new Set(['sfu.example']),
    );
    given.close();
  });
});

it('a worker listens on addresses of both families, and announces each', async () => {
  const listen = [
    { ip: '0.0.0.0', announced: ['203.0.113.7', '10.0.0.7'] },
    { ip: '::', announced: ['2001:db8::7'] },
  ];
  const given = await mediasoupEngine().startWorker({ listen, rtcPort: await freePort() });
  const transport = await (await given.createRouter()).createClientTransport('receive');
  const told = transport.offer.iceCandidates.map(({ protocol, address }) => `${protocol} ${address}`);
  const addresses = ['203.0.113.7', '10.0.0.7', '2001:db8::7'];
  expect(told).toEqual(
    ['udp', 'tcp'].flatMap((protocol) => addresses.map((address) => `${protocol} ${address}`)),
  );
  expect(new Set(transport.offer.iceCandidates.map(({ port }) => port)).size).toBe(1);
  given.close();
});

describe('the end of a pipe', () => {
  const first = async (): Promise<number> => 21_000 + ((await freePort()) % 8000);

  it('a pipe end takes a port of its range, and fails when none is left', async () => {
    const min = await first();
    const ports = { min, max: min + 3 };
    const made = async () =>
      (
        await router.createPipeEnd({
          listen: { ip: '127.0.0.1', announced: '10.0.0.7', ports },
          secure: true,
        })
      ).address;
    const ends = [await made(), await made(), await made(), await made()];
    expect(ends.map(({ port }) => port).toSorted()).toEqual([min, min + 1, min + 2, min + 3]);
    expect(ends.every(({ ip }) => ip === '10.0.0.7')).toBe(true);
    await expect(made()).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('SKEIN_NODE_PIPE_PORTS') as string,
    });
  });

  it('a pipe end listens on IPv6', async () => {
    const end = await router.createPipeEnd({ listen: { ip: '::1' }, secure: true });
    expect(end.address.ip).toBe('::1');
    end.close();
  });
});

describe('a client transport', () => {
  it('a client transport is connected once', async () => {
    const transport = await router.createClientTransport('send');
    const { fingerprints } = transport.offer.dtlsParameters;
    await transport.connect({ role: 'client', fingerprints });
    await expect(transport.connect({ role: 'client', fingerprints })).rejects.toMatchObject({
      code: 'TRANSPORT_STATE',
    });
  });

  it('a client transport reports the layers of a track', async () => {
    const transport = await router.createClientTransport('send');
    const receive = async (rtpParameters: RtpParameters) =>
      await transport.receive({ kind: 'video', rtpParameters, muted: false });
    const simulcast = await receive(
      videoParameters({ ssrcs: [11, 12, 13], mid: 's', scalabilityMode: 'L1T3' }),
    );
    expect([simulcast.type, simulcast.layers]).toEqual(['simulcast', { spatial: 3, temporal: 3 }]);
    const simple = await receive(videoParameters({ ssrcs: [21], mid: 'v' }));
    expect([simple.type, simple.layers]).toEqual(['simple', { spatial: 1, temporal: 1 }]);
    const layered = await receive(videoParameters({ ssrcs: [31], mid: 'l', scalabilityMode: 'L1T3' }));
    // A single VP8 stream is taken as plain, whatever its temporal layers: see `publishedMedia`.
    expect([layered.type, layered.layers]).toEqual(['simple', { spatial: 1, temporal: 1 }]);
    transport.close();
  });
});

describe('RTP parameters that the router cannot take are rejected, naming the field:', () => {
  it.each([
    [
      'a codec that no router has',
      {
        ...videoParameters({ ssrcs: [1] }),
        codecs: [{ mimeType: 'video/H265', clockRate: 90_000, payloadType: 96 }],
      },
      'data.rtpParameters.codecs.0.mimeType',
    ],
    [
      'RTX for a payload type that is not there',
      {
        ...videoParameters({ ssrcs: [1] }),
        codecs: [
          { mimeType: 'video/VP8', clockRate: 90_000, payloadType: 96 },
          { mimeType: 'video/rtx', clockRate: 90_000, payloadType: 97, parameters: { apt: 50 } },
        ],
      },
      'data.rtpParameters.codecs.1.parameters.apt',
    ],
  ])('%s', async (_what, parameters, field) => {
    expect(await rejected(parameters)).toMatchObject({ code: 'RTP_PARAMETERS_REJECTED', details: { field } });
  });

  it('an SSRC or a MID of another track on the same transport', async () => {
    const transport = await router.createClientTransport('send');
    const first = audioParameters({ ssrc: 77, mid: '0' });
    await transport.receive({ kind: 'audio', rtpParameters: first, muted: false });
    const sameSsrc = await rejected(audioParameters({ ssrc: 77, mid: '1' }), transport);
    expect(sameSsrc.details).toEqual({ field: 'data.rtpParameters.encodings.0.ssrc' });
    const sameMid = await rejected(audioParameters({ ssrc: 78, mid: '0' }), transport);
    expect(sameMid.details).toEqual({ field: 'data.rtpParameters.mid' });
  });
});

it('a worker that dies emits an event', async () => {
  const doomed = await mediasoupEngine().startWorker({
    listen: [{ ip: '127.0.0.1', announced: [] }],
    rtcPort: 0,
  });
  const died = new Promise((resolve) => doomed.events.on('died', resolve));
  process.kill(doomed.pid, 'SIGKILL');
  await expect(died).resolves.toMatchObject({ error: expect.any(Error) });
});

it('a priority reaches the engine for links without room for all', async () => {
  const consumers: types.Consumer[] = [];
  const onWorker = (made: types.Worker): void => {
    made.observer.on('newrouter', (one) =>
      one.observer.on('newtransport', (transport) =>
        transport.observer.on('newconsumer', (consumer) => consumers.push(consumer)),
      ),
    );
  };
  observer.on('newworker', onWorker);
  const given = await mediasoupEngine().startWorker({
    listen: [{ ip: '127.0.0.1', announced: [] }],
    rtcPort: 0,
  });
  observer.off('newworker', onWorker);
  const home = await given.createRouter();
  const [sending, receiving] = [
    await home.createClientTransport('send'),
    await home.createClientTransport('receive'),
  ];
  const source = await sending.receive({
    ...{ kind: 'video', rtpParameters: videoParameters({ ssrcs: [51, 52], mid: '0' }), muted: false },
  });
  await receiving.send(source, anyReceiver, { priority: 2, preferredLayers: { spatialLayer: 0 } });
  await receiving.send(source, anyReceiver);
  expect(consumers.map(({ priority }) => priority)).toEqual([2, 1]);
  given.close();
});
