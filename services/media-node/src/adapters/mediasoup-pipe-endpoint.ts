import type { types } from 'mediasoup';
import type { PipeAddress, PipeEndpoint } from '../media/engine.ts';
import { PipeProber } from './mediasoup-probes.ts';
import { asParameters, mediaSource, pipedMedia, producerOf } from './mediasoup-media.ts';
import type { WorkerAnswers } from './worker-answers.ts';

/** `probes`: makes the producers of probe packets. */
export function pipeEndpoint(
  transport: types.PipeTransport,
  probes: () => Promise<types.Producer>,
  answers: WorkerAnswers,
): PipeEndpoint {
  const prober = new PipeProber(transport, probes, answers);
  return {
    address: addressOf(transport),
    connect: ({ ip, port, srtp }) => {
      const srtpParameters = srtp as types.SrtpParameters | undefined;
      return answers.to(transport.connect({ ip, port, ...(srtpParameters && { srtpParameters }) }));
    },
    send: async (source) => {
      const consuming = transport.consume({ producerId: producerOf(source).id });
      return pipedMedia(await answers.to(consuming, (late) => late.close()), answers);
    },
    receive: async ({ kind, rtpParameters, muted }) => {
      const options = { kind, rtpParameters: asParameters(rtpParameters), paused: muted };
      return mediaSource(await answers.to(transport.produce(options), (late) => late.close()), answers);
    },
    counters: async () => {
      const [stats] = await answers.to(transport.getStats());
      return {
        sentBytes: stats?.bytesSent ?? 0,
        receivedBytes: stats?.bytesReceived ?? 0,
        // Our worker's words for pipes in fields that upstream's leaves out there (scripts/worker/patches).
        missedBytes: stats?.rtpPacketLossSent,
        rttMs: stats?.rtpPacketLossReceived,
      };
    },
    sendProbes: () => prober.sendProbes(),
    close: () => transport.close(),
  };
}

function addressOf({ tuple, srtpParameters }: types.PipeTransport): PipeAddress {
  return { ip: tuple.localAddress, port: tuple.localPort, srtp: srtpParameters };
}
