import type { Layers, RtpCapabilities, RtpParameters } from '@skein/protocol';
import { Emitter } from '@skein/runtime';
import { parseScalabilityMode, type types } from 'mediasoup';
import type { MediaSink, MediaSource, PipedMedia } from '../media/engine.ts';
import { lowerLayers, sameLayers, topOf } from '../media/layers.ts';
import type { WorkerAnswers } from './worker-answers.ts';

const producers = new WeakMap<MediaSource, types.Producer>();

/** The mediasoup producer behind a source that this adapter made. */
export function producerOf(source: MediaSource): types.Producer {
  const producer = producers.get(source);
  if (!producer) throw new TypeError('this source was not made by the mediasoup engine');
  return producer;
}

// mediasoup's types list header extension URIs and forbid `undefined`; ours come parsed from the wire and are wider.
export const asCapabilities = (capabilities: RtpCapabilities): types.RtpCapabilities =>
  capabilities as unknown as types.RtpCapabilities;
export const asParameters = (parameters: RtpParameters): types.RtpParameters =>
  parameters as unknown as types.RtpParameters;
const fromParameters = (parameters: types.RtpParameters): RtpParameters =>
  JSON.parse(JSON.stringify(parameters)) as RtpParameters;

export function mediaSource(producer: types.Producer, answers: WorkerAnswers): MediaSource {
  const events: MediaSource['events'] = new Emitter();
  let reason = 'closed';
  producer.on('transportclose', () => (reason = 'transport closed'));
  producer.observer.once('close', () => events.emit('closed', { reason }));
  producer.observer.on('pause', () => events.emit('muted', { muted: true }));
  producer.observer.on('resume', () => events.emit('muted', { muted: false }));
  const layers = layersOf(producer);
  let available = topOf(layers);
  const source: MediaSource = {
    id: producer.id,
    kind: producer.kind,
    type: producer.type,
    layers,
    mimeType: (producer.rtpParameters.codecs[0]?.mimeType ?? '').toLowerCase(),
    get muted() {
      return producer.paused;
    },
    get closed() {
      return producer.closed;
    },
    get available() {
      return available;
    },
    events,
    setAvailable: (wanted) => {
      const next = lowerLayers(wanted, topOf(layers));
      if (sameLayers(next, available)) return;
      available = next;
      events.emit('available', { layers: next });
    },
    bitrates: async () => bitratesOf(producer, layers, await answers.to(producer.getStats())),
    setMuted: (muted) => answers.to(muted ? producer.pause() : producer.resume()),
    packets: async () => sum((await answers.to(producer.getStats())).map((stat) => stat.packetCount)),
    close: () => producer.close(),
  };
  producers.set(source, producer);
  return source;
}

function layersOf(producer: types.Producer): { spatial: number; temporal: number } {
  const { encodings = [] } = producer.rtpParameters;
  const mode = parseScalabilityMode(encodings[0]?.scalabilityMode ?? '');
  if (producer.kind === 'audio') return { spatial: 1, temporal: 1 };
  const spatial =
    producer.type === 'simulcast' ? encodings.length : producer.type === 'svc' ? mode.spatialLayers : 1;
  return { spatial: Math.min(spatial, 8), temporal: Math.min(mode.temporalLayers, 8) };
}

/** Sums over what is sent along: simulcast sends the smaller streams beside, SVC counts them in. */
function bitratesOf(
  { type, rtpParameters }: types.Producer,
  layers: MediaSource['layers'],
  stats: readonly types.ProducerStat[],
): readonly (readonly number[])[] {
  const bitrate = (stat: types.ProducerStat | undefined, layer: string): number =>
    stat?.bitrateByLayer?.[layer] ?? (layer.endsWith('.0') ? (stat?.bitrate ?? 0) : 0);
  const below: number[] = [];
  return Array.from({ length: layers.spatial }, (_, spatial) => {
    const encoding = rtpParameters.encodings?.[type === 'simulcast' ? spatial : 0];
    const stat = stats.find(
      ({ ssrc, rid }) => ssrc === encoding?.ssrc || (rid !== undefined && rid === encoding?.rid),
    );
    let sofar = 0;
    const row = Array.from({ length: layers.temporal }, (_unused, temporal) => {
      const own = bitrate(stat, `${type === 'simulcast' ? 0 : spatial}.${temporal}`);
      sofar = Math.max(sofar, type === 'simulcast' ? (below[temporal] ?? 0) + own : own);
      return sofar;
    });
    below.splice(0, below.length, ...row);
    return row;
  });
}

export function mediaSink(consumer: types.Consumer, answers: WorkerAnswers): MediaSink {
  const events: MediaSink['events'] = new Emitter();
  consumer.on('layerschange', (layers) => events.emit('layers', { layers: layers as Layers | undefined }));
  return {
    id: consumer.id,
    rtpParameters: fromParameters(consumer.rtpParameters),
    type: consumer.type === 'pipe' ? 'simple' : consumer.type,
    get paused() {
      return consumer.paused;
    },
    events,
    pause: () => answers.to(consumer.pause()),
    resume: () => answers.to(consumer.resume()),
    setPreferredLayers: ({ spatialLayer, temporalLayer }) =>
      answers.to(
        consumer.setPreferredLayers({ spatialLayer, ...(temporalLayer !== undefined && { temporalLayer }) }),
      ),
    packets: async () => {
      const stats = await answers.to(consumer.getStats());
      return sum(stats.filter((stat) => stat.type === 'outbound-rtp').map((stat) => stat.packetCount));
    },
    close: () => consumer.close(),
  };
}

export function pipedMedia(consumer: types.Consumer, answers: WorkerAnswers): PipedMedia {
  return {
    kind: consumer.kind,
    rtpParameters: fromParameters(consumer.rtpParameters),
    // Upstream's worker accepts layers for pipes, and answers that there are none (Consumer.cpp).
    setLayers: async (layers) => {
      await answers.to(consumer.setPreferredLayers(layers));
      return consumer.preferredLayers !== undefined;
    },
    close: () => consumer.close(),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
