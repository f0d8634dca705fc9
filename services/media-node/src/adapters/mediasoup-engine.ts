import { mediaCodecs, type RtpCapabilities } from '@skein/protocol';
import { Emitter } from '@skein/runtime';
import { createWorker, type types } from 'mediasoup';
import type { MediaEngine, MediaRouter, MediaSource, MediaWorker, WorkerOptions } from '../media/engine.ts';
import { clientTransport } from './mediasoup-client-transport.ts';
import { asCapabilities, producerOf } from './mediasoup-media.ts';
import { pipeEndpoint } from './mediasoup-pipe-endpoint.ts';

// Browsers give up an unanswered path after 30 s (RFC 7675 §5.1); a node that hears nothing need not wait as long.
const ICE_CONSENT_TIMEOUT_SECONDS = 15;
// Enough to start a 720p layer at once; the bandwidth estimate takes over within a second.
const INITIAL_OUTGOING_BITRATE_BPS = 1_000_000;
/** What one client may send, all its tracks together. */
const MAX_INCOMING_BITRATE_BPS = 15_000_000;

/** The engine on mediasoup. `workerBin`: path of its worker; default: `MEDIASOUP_WORKER_BIN` or the package's own. */
export function mediasoupEngine(options: { readonly workerBin?: string } = {}): MediaEngine {
  return { startWorker: (worker) => startWorker(worker, options.workerBin) };
}

async function startWorker(options: WorkerOptions, workerBin: string | undefined): Promise<MediaWorker> {
  const worker = await createWorker({ logLevel: 'error', ...(workerBin && { workerBin }) });
  const events: MediaWorker['events'] = new Emitter();
  worker.on('died', (error) => events.emit('died', { error }));
  try {
    const server = await worker.createWebRtcServer({ listenInfos: listenInfos(options) });
    return {
      pid: worker.pid,
      events,
      createRouter: async () =>
        mediaRouter(await worker.createRouter({ mediaCodecs: routerCodecs() }), server),
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

function listenInfos({ host, announcedAddress, rtcPort }: WorkerOptions): types.TransportListenInfo[] {
  return (['udp', 'tcp'] as const).map((protocol) => ({
    protocol,
    ip: host,
    ...(announcedAddress && { announcedAddress }),
    ...(rtcPort !== 0 && { port: rtcPort }),
  }));
}

function routerCodecs(): types.RouterRtpCodecCapability[] {
  return mediaCodecs.map((codec) => ({
    ...codec,
    ...(codec.parameters && { parameters: { ...codec.parameters } }),
  }));
}

function mediaRouter(router: types.Router, server: types.WebRtcServer): MediaRouter {
  return {
    id: router.id,
    createClientTransport: async (direction) => {
      const transport = await router.createWebRtcTransport({
        webRtcServer: server,
        enableUdp: true,
        enableTcp: true,
        preferUdp: true,
        iceConsentTimeout: ICE_CONSENT_TIMEOUT_SECONDS,
        initialAvailableOutgoingBitrate: INITIAL_OUTGOING_BITRATE_BPS,
      });
      if (direction === 'send') await transport.setMaxIncomingBitrate(MAX_INCOMING_BITRATE_BPS);
      return clientTransport(transport);
    },
    createPipeEnd: async ({ host, secure }) => {
      const listenInfo = { protocol: 'udp', ip: host } as const;
      return pipeEndpoint(
        await router.createPipeTransport({ listenInfo, enableSrtp: secure, enableRtx: secure }),
      );
    },
    canForward: (source: MediaSource, receiver: RtpCapabilities) =>
      router.canConsume({ producerId: producerOf(source).id, rtpCapabilities: asCapabilities(receiver) }),
    close: () => router.close(),
  };
}
