import type { types } from 'mediasoup';
import type { PipeAddress, PipeEndpoint } from '../media/engine.ts';
import { PipeChirper } from './mediasoup-chirps.ts';
import { asParameters, mediaSource, pipedMedia, producerOf } from './mediasoup-media.ts';

/** `chirps`: makes what the end says when it has nothing to send. */
export function pipeEndpoint(
  transport: types.PipeTransport,
  chirps: () => Promise<types.Producer>,
): PipeEndpoint {
  const chirper = new PipeChirper(transport, chirps);
  return {
    address: addressOf(transport),
    connect: ({ ip, port, srtp }) =>
      transport.connect({ ip, port, ...(srtp && { srtpParameters: srtp as types.SrtpParameters }) }),
    send: async (source) => pipedMedia(await transport.consume({ producerId: producerOf(source).id })),
    receive: async ({ kind, rtpParameters, muted }) =>
      mediaSource(
        await transport.produce({ kind, rtpParameters: asParameters(rtpParameters), paused: muted }),
      ),
    counters: async () => {
      const [stats] = await transport.getStats();
      return { sentBytes: stats?.bytesSent ?? 0, receivedBytes: stats?.bytesReceived ?? 0 };
    },
    chirp: () => chirper.chirp(),
    close: () => transport.close(),
  };
}

function addressOf({ tuple, srtpParameters }: types.PipeTransport): PipeAddress {
  return { ip: tuple.localAddress, port: tuple.localPort, srtp: srtpParameters };
}
