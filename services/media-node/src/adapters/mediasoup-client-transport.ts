import type { TransportOffer } from '@skein/protocol';
import { Emitter } from '@skein/runtime';
import type { types } from 'mediasoup';
import { announcedCandidates } from '../media/candidates.ts';
import type { ClientTransport, ListenAddress } from '../media/engine.ts';
import { MediaError } from '../media/media-errors.ts';
import { asCapabilities, mediaSink, mediaSource, producerOf } from './mediasoup-media.ts';
import { publishedMedia } from './mediasoup-published.ts';
import { rejectedParameters } from './mediasoup-rejection.ts';
import type { WorkerAnswers } from './worker-answers.ts';

/** `listen`: the addresses of its worker, with the announced ones. */
export function clientTransport(
  transport: types.WebRtcTransport,
  answers: WorkerAnswers,
  listen: readonly ListenAddress[],
): ClientTransport {
  let connected = false;
  return {
    id: transport.id,
    offer: offerOf(transport, listen),
    events: pathEvents(transport),
    connect: async (dtlsParameters) => {
      if (connected) throw MediaError.alreadyConnected();
      connected = true;
      await answers.to(transport.connect({ dtlsParameters }));
    },
    restartIce: () => answers.to(transport.restartIce()),
    receive: async (media) => {
      try {
        const producing = transport.produce(publishedMedia(media));
        return mediaSource(await answers.to(producing, (late) => late.close()), answers);
      } catch (error) {
        throw transport.closed ? error : rejectedParameters(error, media.rtpParameters);
      }
    },
    send: async (source, receiver, { preferredLayers, priority } = {}) => {
      const consuming = transport.consume({
        producerId: producerOf(source).id,
        rtpCapabilities: asCapabilities(receiver),
        paused: true,
        ...(preferredLayers && { preferredLayers: preferredLayers as types.ConsumerLayers }),
      });
      const consumer = await answers.to(consuming, (late) => late.close());
      try {
        if (priority !== undefined) await answers.to(consumer.setPriority(priority));
      } catch (error) {
        consumer.close();
        throw error;
      }
      return mediaSink(consumer, answers);
    },
    close: () => transport.close(),
  };
}

function offerOf(
  { id, iceParameters, iceCandidates, dtlsParameters }: types.WebRtcTransport,
  listen: readonly ListenAddress[],
): TransportOffer {
  const { role = 'auto', fingerprints } = dtlsParameters;
  return {
    ...{ id, iceParameters, dtlsParameters: { role, fingerprints } },
    iceCandidates: announcedCandidates(iceCandidates, listen),
  };
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
