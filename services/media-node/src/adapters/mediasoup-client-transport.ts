import { SkeinError, type TransportOffer } from '@skein/protocol';
import { Emitter } from '@skein/runtime';
import type { types } from 'mediasoup';
import type { ClientTransport } from '../media/engine.ts';
import { asCapabilities, asParameters, mediaSink, mediaSource, producerOf } from './mediasoup-media.ts';
import { rejectedParameters } from './mediasoup-rejection.ts';

// libwebrtc ignores a key frame request that comes within 300 ms of the one before, and mediasoup repeats one that
// had no answer only after a second: a viewer who comes soon after another would wait that long for a picture. So a
// request that comes too early is put off by what the publisher's pause leaves.
const KEY_FRAME_REQUEST_DELAY_MS = 320;

export function clientTransport(transport: types.WebRtcTransport): ClientTransport {
  let connected = false;
  return {
    id: transport.id,
    offer: offerOf(transport),
    events: pathEvents(transport),
    connect: async (dtlsParameters) => {
      if (connected)
        throw new SkeinError('TRANSPORT_STATE', 'this transport is connected already; it is done once');
      connected = true;
      await transport.connect({ dtlsParameters });
    },
    restartIce: () => transport.restartIce(),
    receive: async ({ kind, rtpParameters, muted }) => {
      try {
        const producer = await transport.produce({
          kind,
          rtpParameters: asParameters(rtpParameters),
          paused: muted,
          keyFrameRequestDelay: KEY_FRAME_REQUEST_DELAY_MS,
        });
        return mediaSource(producer);
      } catch (error) {
        throw transport.closed ? error : rejectedParameters(error, rtpParameters);
      }
    },
    send: async (source, receiver, preferredLayers) => {
      const consumer = await transport.consume({
        producerId: producerOf(source).id,
        rtpCapabilities: asCapabilities(receiver),
        paused: true,
        ...(preferredLayers && { preferredLayers: preferredLayers as types.ConsumerLayers }),
      });
      return mediaSink(consumer);
    },
    close: () => transport.close(),
  };
}

function offerOf({
  id,
  iceParameters,
  iceCandidates,
  dtlsParameters,
}: types.WebRtcTransport): TransportOffer {
  const { role = 'auto', fingerprints } = dtlsParameters;
  return { id, iceParameters, iceCandidates, dtlsParameters: { role, fingerprints } };
}

function pathEvents(transport: types.WebRtcTransport): ClientTransport['events'] {
  const events: ClientTransport['events'] = new Emitter();
  transport.on('icestatechange', (state) => {
    if (state === 'disconnected') events.emit('path', { path: 'disconnected' });
    else if (state === 'connected' || state === 'completed') events.emit('path', { path: 'connected' });
    else if (state === 'closed') events.emit('path', { path: 'gone' });
  });
  transport.on('dtlsstatechange', (state) => {
    if (state === 'failed' || state === 'closed') events.emit('path', { path: 'gone' });
  });
  return events;
}
