import { SingleFlight } from '@skein/runtime';
import type { types } from 'mediasoup';
import type { WorkerAnswers } from './worker-answers.ts';

/** Packets per probe: on a line that loses every third packet, all of them are lost once in 27 times. */
const PACKETS = 3;
const PAYLOAD_TYPE = 111;
const SAMPLES_PER_PACKET = 960;

/** Makes the producers that send probe packets at one router, from inside the process. */
export function probeSource(router: types.Router, answers: WorkerAnswers): () => Promise<types.Producer> {
  const making = new SingleFlight<'transport', types.DirectTransport>();
  let transport: types.DirectTransport | undefined;
  let ssrc = 0;
  return async () => {
    transport ??= await making.run('transport', () =>
      answers.to(router.createDirectTransport(), (late) => late.close()),
    );
    const producing = transport.produce({
      kind: 'audio',
      rtpParameters: {
        codecs: [{ mimeType: 'audio/opus', payloadType: PAYLOAD_TYPE, clockRate: 48_000, channels: 2 }],
        encodings: [{ ssrc: ++ssrc }],
      },
    });
    return await answers.to(producing, (late) => late.close());
  };
}

/** Sends probe packets into a pipe that is otherwise silent. Its producer is created on first use. */
export class PipeProber {
  readonly #transport: types.PipeTransport;
  readonly #make: () => Promise<types.Producer>;
  readonly #answers: WorkerAnswers;
  readonly #making = new SingleFlight<'producer', types.Producer>();
  #producer: types.Producer | undefined;
  #sent = 0;

  constructor(transport: types.PipeTransport, make: () => Promise<types.Producer>, answers: WorkerAnswers) {
    this.#transport = transport;
    this.#make = make;
    this.#answers = answers;
    transport.observer.once('close', () => this.#producer?.close());
  }

  async sendProbes(): Promise<void> {
    this.#producer ??= await this.#making.run('producer', () => this.#open());
    const ssrc = this.#producer.rtpParameters.encodings?.[0]?.ssrc ?? 0;
    for (let count = 0; count < PACKETS; count++) this.#producer.send(rtpPacket(ssrc, this.#sent++));
  }

  async #open(): Promise<types.Producer> {
    const producer = await this.#make();
    try {
      await this.#answers.to(this.#transport.consume({ producerId: producer.id }), (late) => late.close());
    } catch (error) {
      producer.close();
      throw error;
    }
    if (this.#transport.closed) producer.close();
    return producer;
  }
}

/** RFC 3550 §5.1, with one byte of payload. */
function rtpPacket(ssrc: number, count: number): Buffer {
  const packet = Buffer.alloc(13);
  packet.writeUInt8(0x80, 0);
  packet.writeUInt8(PAYLOAD_TYPE, 1);
  packet.writeUInt16BE(count & 0xffff, 2);
  packet.writeUInt32BE((count * SAMPLES_PER_PACKET) >>> 0, 4);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}
