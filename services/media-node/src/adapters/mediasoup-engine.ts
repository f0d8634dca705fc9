import {
  carries,
  mediaCodecs,
  SkeinError,
  type RtpCapabilities,
  type TransportRequest,
} from '@skein/protocol';
import { addressFamily, Emitter, systemClock, type Clock } from '@skein/runtime';
import { createWorker, type types } from 'mediasoup';
import type {
  ClientTransport,
  MediaEngine,
  MediaRouter,
  MediaSource,
  MediaWorker,
  PipeListen,
  WorkerOptions,
} from '../media/engine.ts';
import { probeSource } from './mediasoup-probes.ts';
import { clientTransport } from './mediasoup-client-transport.ts';
import { asCapabilities, producerOf } from './mediasoup-media.ts';
import { pipeEndpoint } from './mediasoup-pipe-endpoint.ts';
import { inTime, WorkerAnswers } from './worker-answers.ts';
import { readWorkerProcess } from './worker-process.ts';

// Browsers give up an unanswered path after 30 s (RFC 7675 §5.1); a node that hears nothing need not wait as long.
const ICE_CONSENT_TIMEOUT_SECONDS = 15;
// Enough to start a 720p layer at once; the bandwidth estimate takes over within a second.
const INITIAL_OUTGOING_BITRATE_BPS = 1_000_000;
/** Maximum bitrate of one client's tracks together. */
const MAX_INCOMING_BITRATE_BPS = 15_000_000;

/**
 * One UDP socket of a worker receives the media of all its clients, and the kernel's default of 208 KiB is full after some
 * 100 packets: a worker that waited 30 ms for its core lost packets at 3600 packets/s. The kernel grants at most
 * `net.core.rmem_max`.
 */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** Deadline for the start of a worker process, also on a machine that is booting. */
const START_DEADLINE_MS = 15_000;

export interface ClientTransportDeps {
  readonly router: types.Router;
  readonly server: types.WebRtcServer;
  readonly listen: WorkerOptions['listen'];
  readonly direction: TransportRequest['direction'];
  readonly answers: WorkerAnswers;
}

type MakeClientTransport = (deps: ClientTransportDeps) => Promise<ClientTransport>;

/** The engine on mediasoup. Its worker is at `MEDIASOUP_WORKER_BIN`, else in the mediasoup package. */
export function mediasoupEngine(clock: Clock = systemClock): MediaEngine {
  return mediasoupEngineWith(webRtcTransport, clock);
}

/** The same with other transports to clients; for tests. */
export function mediasoupEngineWith(
  makeTransport: MakeClientTransport,
  clock: Clock = systemClock,
): MediaEngine {
  return { startWorker: (options) => startWorker(options, makeTransport, clock) };
}

async function startWorker(
  options: WorkerOptions,
  makeTransport: MakeClientTransport,
  clock: Clock,
): Promise<MediaWorker> {
  const starting = createWorker({ logLevel: 'error' });
  const worker = await inTime(clock, START_DEADLINE_MS, starting, (late) => late.close());
  ignoreSignals(worker);
  const answers = new WorkerAnswers(clock, () => worker.closed);
  const events: MediaWorker['events'] = new Emitter();
  worker.on('died', (error) => events.emit('died', { error }));
  try {
    const server = await answers.to(worker.createWebRtcServer({ listenInfos: listenInfos(options) }));
    return {
      pid: worker.pid,
      events,
      createRouter: async () => {
        const making = worker.createRouter({ mediaCodecs: mediaCodecsOfRouters() });
        const router = await answers.to(making, (late) => late.close());
        const makeClientTransport = (direction: TransportRequest['direction']): Promise<ClientTransport> =>
          makeTransport({ router, server, listen: options.listen, direction, answers });
        return mediaRouter(router, answers, makeClientTransport);
      },
      cpuMs: async () => {
        const usage = await answers.to(worker.getResourceUsage());
        return usage.ru_utime + usage.ru_stime;
      },
      answered: () => answers.count,
      process: () => readWorkerProcess(worker.pid),
      kill: () => killWorker(worker),
      close: () => worker.close(),
    };
  } catch (error) {
    // A hanging worker would not react to a request to close.
    killWorker(worker);
    worker.close();
    throw error;
  }
}

function killWorker({ closed, pid }: types.Worker): void {
  // The id of a process that has ended may be another one's by now.
  if (!closed) process.kill(pid, 'SIGKILL');
}

// mediasoup closes its workers by itself when this process gets SIGTERM or SIGINT (Worker.ts, `onSignal`), while a
// drain has only begun: when they end is for the node to say.
function ignoreSignals(worker: types.Worker): void {
  const onSignal: unknown = Reflect.get(worker, 'onSignal');
  if (typeof onSignal !== 'function') return;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.removeListener(signal, onSignal as NodeJS.SignalsListener);
}

/** Announced addresses are written into the candidates: see `announcedCandidates`. */
function listenInfos({ listen, rtcPort, rtcPorts }: WorkerOptions): types.TransportListenInfo[] {
  const ports = rtcPort === 0 ? rtcPorts && { portRange: rtcPorts } : { port: rtcPort };
  return (['udp', 'tcp'] as const).flatMap((protocol) =>
    listen.map(({ ip }) => ({
      ...{ protocol, ip, ...ipv6Only(ip), ...ports },
      ...(protocol === 'udp' && { recvBufferSize: RECEIVE_BUFFER_BYTES }),
    })),
  );
}

/** Else `::` would take the port on all IPv4 addresses too, and could not stand beside `0.0.0.0`. */
function ipv6Only(ip: string): Pick<types.TransportListenInfo, 'flags'> {
  return addressFamily(ip) === 'IPv6' ? { flags: { ipv6Only: true } } : {};
}

/** The codecs of every router, as mediasoup takes them. */
export function mediaCodecsOfRouters(): types.RouterRtpCodecCapability[] {
  return mediaCodecs.map((codec) => ({
    ...codec,
    ...(codec.parameters && { parameters: { ...codec.parameters } }),
  }));
}

async function webRtcTransport({
  router,
  server,
  listen,
  direction,
  answers,
}: ClientTransportDeps): Promise<ClientTransport> {
  const making = router.createWebRtcTransport({
    webRtcServer: server,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    iceConsentTimeout: ICE_CONSENT_TIMEOUT_SECONDS,
    initialAvailableOutgoingBitrate: INITIAL_OUTGOING_BITRATE_BPS,
  });
  const transport = await answers.to(making, (late) => late.close());
  if (carries({ direction }, 'send'))
    await answers.to(transport.setMaxIncomingBitrate(MAX_INCOMING_BITRATE_BPS));
  return clientTransport(transport, answers, listen);
}

function mediaRouter(
  router: types.Router,
  answers: WorkerAnswers,
  createClientTransport: MediaRouter['createClientTransport'],
): MediaRouter {
  const probes = probeSource(router, answers);
  return {
    id: router.id,
    createClientTransport,
    createPipeEnd: async ({ listen, secure }) => {
      const listenInfo = pipeListenInfo(listen);
      const making = router.createPipeTransport({ listenInfo, enableSrtp: secure, enableRtx: secure });
      const transport = await answers.to(making, (late) => late.close()).catch(orOutOfPorts);
      return pipeEndpoint(transport, probes, answers);
    },
    canForward: (source: MediaSource, receiver: RtpCapabilities) =>
      router.canConsume({ producerId: producerOf(source).id, rtpCapabilities: asCapabilities(receiver) }),
    close: () => router.close(),
  };
}

function pipeListenInfo({ ip, announced, ports }: PipeListen): types.TransportListenInfo {
  return {
    ...{ protocol: 'udp', ip, recvBufferSize: RECEIVE_BUFFER_BYTES, ...ipv6Only(ip) },
    ...(announced !== undefined && { announcedAddress: announced }),
    ...(ports && { portRange: ports }),
  };
}

function orOutOfPorts(error: unknown): never {
  // The worker has no code for it (PortManager.cpp).
  if (!(error instanceof Error) || !error.message.includes('no more available ports')) throw error;
  throw new SkeinError('LIMIT_EXCEEDED', 'every port for pipes is in use; widen SKEIN_NODE_PIPE_PORTS', {
    cause: error,
    retryAfterMs: 1000,
  });
}
