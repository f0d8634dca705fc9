import type { RtpParameters, TransportOffer } from '@skein/protocol';
import { Emitter } from '@skein/runtime';
import type { types } from 'mediasoup';
import type { ClientTransport, MediaEngine, MediaSink, MediaSource } from '../../media/engine.ts';
import { MediaError } from '../../media/media-errors.ts';
import { mediasoupEngineWith } from '../../adapters/mediasoup-engine.ts';
import { asCapabilities, mediaSink, mediaSource, producerOf } from '../../adapters/mediasoup-media.ts';
import { publishedMedia } from '../../adapters/mediasoup-published.ts';
import { rejectedParameters } from '../../adapters/mediasoup-rejection.ts';
import type { WorkerAnswers } from '../../adapters/worker-answers.ts';

/** Real workers, routers and pipes, with clients in this process, without ICE and DTLS. */
export interface DirectEngine extends MediaEngine {
  /** Sends one RTP packet as the publisher that uses `ssrc` in its parameters. */
  inject(ssrc: number, packet: RtpPacket): void;
  /** The packets that a sink has sent so far. */
  received(rtpParameters: RtpParameters): readonly Buffer[];
  /** Key frame requests that reached the publisher that uses `ssrc`. */
  keyFrameRequests(ssrc: number): number;
}

export interface RtpPacket {
  readonly payloadType: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly payload: Buffer;
}

interface Records {
  readonly producers: Map<number, types.Producer>;
  readonly received: Map<number, Buffer[]>;
  readonly keyFrameRequests: Map<number, number>;
}

export function directEngine(): DirectEngine {
  const records: Records = {
    producers: new Map(),
    received: new Map(),
    keyFrameRequests: new Map(),
  };
  const engine = mediasoupEngineWith(async ({ router, answers }) => {
    const transport = await answers.to(router.createDirectTransport());
    return directTransport(transport, records, answers);
  });
  return {
    ...engine,
    inject: (ssrc, packet) => {
      const producer = records.producers.get(ssrc);
      if (!producer) throw new TypeError(`nobody publishes SSRC ${ssrc}`);
      producer.send(encodeRtp(ssrc, packet));
    },
    received: ({ encodings }) => records.received.get(encodings[0]?.ssrc ?? 0) ?? [],
    keyFrameRequests: (ssrc) => records.keyFrameRequests.get(ssrc) ?? 0,
  };
}

function directTransport(
  transport: types.DirectTransport,
  records: Records,
  answers: WorkerAnswers,
): ClientTransport {
  transport.on('rtcp', (packet) => noteKeyFrameRequest(packet, records.keyFrameRequests));
  let connected = false;
  return {
    id: transport.id,
    offer: fakeOffer(transport.id),
    events: new Emitter(),
    connect: async () => {
      if (connected) throw MediaError.alreadyConnected();
      connected = true;
    },
    restartIce: async () => ({ usernameFragment: 'u', password: 'p' }),
    receive: async (media): Promise<MediaSource> => {
      const { rtpParameters } = media;
      try {
        const producer = await answers.to(transport.produce(publishedMedia(media)));
        for (const { ssrc } of rtpParameters.encodings) if (ssrc) records.producers.set(ssrc, producer);
        return mediaSource(producer, answers);
      } catch (error) {
        throw rejectedParameters(error, rtpParameters);
      }
    },
    send: async (source, receiver): Promise<MediaSink> => {
      const consuming = transport.consume({
        producerId: producerOf(source).id,
        rtpCapabilities: asCapabilities(receiver),
        paused: true,
      });
      const consumer = await answers.to(consuming);
      const packets: Buffer[] = [];
      consumer.on('rtp', (packet) => packets.push(packet));
      records.received.set(consumer.rtpParameters.encodings?.[0]?.ssrc ?? 0, packets);
      return mediaSink(consumer, answers);
    },
    close: () => transport.close(),
  };
}

/** PLI is payload-specific feedback of format 1 (RFC 4585 §6.3.1), FIR of format 4 (RFC 5104 §4.3.1). */
function noteKeyFrameRequest(packet: Buffer, counts: Map<number, number>): void {
  for (let at = 0; at + 12 <= packet.length; at += 4 * (packet.readUInt16BE(at + 2) + 1)) {
    const format = packet.readUInt8(at) & 0x1f;
    if (packet.readUInt8(at + 1) !== 206 || (format !== 1 && format !== 4)) continue;
    const ssrc = packet.readUInt32BE(format === 1 ? at + 8 : at + 12);
    counts.set(ssrc, (counts.get(ssrc) ?? 0) + 1);
  }
}

export function encodeRtp(
  ssrc: number,
  { payloadType, sequenceNumber, timestamp, payload }: RtpPacket,
): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(0x80 | payloadType, 1);
  header.writeUInt16BE(sequenceNumber & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
}

function fakeOffer(id: string): TransportOffer {
  const fingerprints = [{ algorithm: 'sha-256' as const, value: Array(32).fill('00').join(':') }];
  return {
    id,
    iceParameters: { usernameFragment: 'u', password: 'p' },
    iceCandidates: [],
    dtlsParameters: { role: 'auto', fingerprints },
  };
}
