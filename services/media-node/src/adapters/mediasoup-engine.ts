import { mediaCodecs, type RtpCapabilities, type TransportDirection } from '@skein/protocol';
import { Emitter } from '@skein/runtime';
import { createWorker, type types } from 'mediasoup';
import type {
  ClientTransport,
  MediaEngine,
  MediaRouter,
  MediaSource,
  MediaWorker,
  WorkerOptions,
} from '../media/engine.ts';
import { chirpSource } from './mediasoup-chirps.ts';
import { clientTransport } from './mediasoup-client-transport.ts';
import { asCapabilities, producerOf } from './mediasoup-media.ts';
import { pipeEndpoint } from './mediasoup-pipe-endpoint.ts';

// Browsers give up an unanswered path after 30 s (RFC 7675 §5.1); a node that hears nothing need not wait as long.
const ICE_CONSENT_TIMEOUT_SECONDS = 15;
// Enough to start a 720p layer at once; the bandwidth estimate takes over within a second.
const INITIAL_OUTGOING_BITRATE_BPS = 1_000_000;
/** What one client may send, all its tracks together. */
const MAX_INCOMING_BITRATE_BPS = 15_000_000;

/**
 * One UDP socket of a worker takes what all of its clients send, and the kernel's usual 208 KiB is full after some 100 packets:
 * a worker that waits 30 ms for its core lost some at 3600 packets/s. The kernel gives at most `net.core.rmem_max`.
 */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

type MakeClientTransport = (
  router: types.Router,
  server: types.WebRtcServer,
  direction: TransportDirection,
) => Promise<ClientTransport>;

/** The engine on mediasoup. Its worker is at `MEDIASOUP_WORKER_BIN`, else in the mediasoup package. */
export function mediasoupEngine(): MediaEngine {
  return mediasoupEngineWith(webRtcTransport);
}

/** The same with other transports to clients; for tests. */
export function mediasoupEngineWith(makeTransport: MakeClientTransport): MediaEngine {
  return { startWorker: (options) => startWorker(options, makeTransport) };
}

async function startWorker(options: WorkerOptions, makeTransport: MakeClientTransport): Promise<MediaWorker> {
  const worker = await createWorker({ logLevel: 'error' });
  ignoreSignals(worker);
  const events: MediaWorker['events'] = new Emitter();
  worker.on('died', (error) => events.emit('died', { error }));
  try {
    const server = await worker.createWebRtcServer({ listenInfos: listenInfos(options) });
    return {
      pid: worker.pid,
      events,
      createRouter: async () =>
        mediaRouter(await worker.createRouter({ mediaCodecs: mediaCodecsOfRouters() }), (router, direction) =>
          makeTransport(router, server, direction),
        ),
      cpuMs: async () => {
        const usage = await worker.getResourceUsage();
        return usage.ru_utime + usage.ru_stime;
      },
      close: () => worker.close(),
    };
  } catch (error) {
    worker.close();
    throw error;
  }
}

// mediasoup closes its workers by itself when this process gets SIGTERM or SIGINT (Worker.ts, `onSignal`), while a
// drain has only begun: when they end is for the node to say.
function ignoreSignals(worker: types.Worker): void {
  const onSignal: unknown = Reflect.get(worker, 'onSignal');
  if (typeof onSignal !== 'function') return;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.removeListener(signal, onSignal as NodeJS.SignalsListener);
}

function listenInfos({ host, announcedAddress, rtcPort }: WorkerOptions): types.TransportListenInfo[] {
  return (['udp', 'tcp'] as const).map((protocol) => ({
    protocol,
    ip: host,
    ...(protocol === 'udp' && { recvBufferSize: RECEIVE_BUFFER_BYTES }),
    ...(announcedAddress && { announcedAddress }),
    ...(rtcPort !== 0 && { port: rtcPort }),
  }));
}

/** The codecs of every router, as mediasoup takes them. */
export function mediaCodecsOfRouters(): types.RouterRtpCodecCapability[] {
  return mediaCodecs.map((codec) => ({
    ...codec,
    ...(codec.parameters && { parameters: { ...codec.parameters } }),
  }));
}

async function webRtcTransport(
  router: types.Router,
  webRtcServer: types.WebRtcServer,
  direction: TransportDirection,
): Promise<ClientTransport> {
  const transport = await router.createWebRtcTransport({
    webRtcServer,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    iceConsentTimeout: ICE_CONSENT_TIMEOUT_SECONDS,
    initialAvailableOutgoingBitrate: INITIAL_OUTGOING_BITRATE_BPS,
  });
  if (direction === 'send') await transport.setMaxIncomingBitrate(MAX_INCOMING_BITRATE_BPS);
  return clientTransport(transport);
}

function mediaRouter(
  router: types.Router,
  makeTransport: (router: types.Router, direction: TransportDirection) => Promise<ClientTransport>,
): MediaRouter {
  const chirps = chirpSource(router);
  return {
    id: router.id,
    createClientTransport: (direction) => makeTransport(router, direction),
    createPipeEnd: async ({ host, secure }) => {
      const listenInfo = { protocol: 'udp', ip: host, recvBufferSize: RECEIVE_BUFFER_BYTES } as const;
      return pipeEndpoint(
        await router.createPipeTransport({ listenInfo, enableSrtp: secure, enableRtx: secure }),
        chirps,
      );
    },
    canForward: (source: MediaSource, receiver: RtpCapabilities) =>
      router.canConsume({ producerId: producerOf(source).id, rtpCapabilities: asCapabilities(receiver) }),
    close: () => router.close(),
  };
}
