import type { types } from 'mediasoup';
import type { PipeAddress, PipeEndpoint } from '../media/engine.ts';
import { asParameters, mediaSource, pipedMedia, producerOf } from './mediasoup-media.ts';

export function pipeEndpoint(transport: types.PipeTransport): PipeEndpoint {
  return {
    address: addressOf(transport),
    connect: ({ ip, port, srtp }) =>
      transport.connect({ ip, port, ...(srtp && { srtpParameters: srtp as types.SrtpParameters }) }),
    send: async (source) => pipedMedia(await transport.consume({ producerId: producerOf(source).id })),
    receive: async ({ kind, rtpParameters, muted }) =>
      mediaSource(
        await transport.produce({ kind, rtpParameters: asParameters(rtpParameters), paused: muted }),
      ),
    close: () => transport.close(),
  };
}

function addressOf({ tuple, srtpParameters }: types.PipeTransport): PipeAddress {
  return { ip: tuple.localAddress, port: tuple.localPort, srtp: srtpParameters };
}
