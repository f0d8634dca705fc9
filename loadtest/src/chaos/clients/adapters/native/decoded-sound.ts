import { OpusDecoder } from 'opus-decoder';
import { payloadOffset } from '@skein/native-peer';
import { ToneMeter } from '../../tone.ts';

const SAMPLE_RATE = 48_000;

interface Track {
  readonly decoder: OpusDecoder;
  readonly meter: ToneMeter;
  isReady: boolean;
  lastSequence: number | undefined;
}

/** Decodes the Opus of received tracks as it comes, and tells when the tone changed in it. A packet that comes late is lost. */
export class DecodedSound {
  readonly #tracks = new Map<string, Track>();
  readonly #onChange: (mediaTrackId: string, atMs: number) => void;

  constructor(onChange: (mediaTrackId: string, atMs: number) => void) {
    this.#onChange = onChange;
  }

  open(mediaTrackId: string): void {
    const decoder = new OpusDecoder({
      channels: 1,
      streamCount: 1,
      coupledStreamCount: 0,
      channelMappingTable: [0],
    });
    const meter = new ToneMeter(SAMPLE_RATE);
    const track: Track = { decoder, meter, isReady: false, lastSequence: undefined };
    this.#tracks.set(mediaTrackId, track);
    decoder.ready.then(
      () => {
        track.isReady = true;
        // Closed meanwhile.
        if (this.#tracks.get(mediaTrackId) !== track) decoder.free();
      },
      () => this.#tracks.delete(mediaTrackId),
    );
  }

  close(mediaTrackId: string): void {
    const track = this.#tracks.get(mediaTrackId);
    this.#tracks.delete(mediaTrackId);
    if (track?.isReady) track.decoder.free();
  }

  /** Takes an RTP packet. False when this is no sound that it decodes. */
  hear(mediaTrackId: string, atMs: number, packet: Buffer): boolean {
    const track = this.#tracks.get(mediaTrackId);
    if (!track) return false;
    const sequence = packet.readUInt16BE(2);
    const isLate = track.lastSequence !== undefined && ((sequence - track.lastSequence) & 0xffff) >= 0x8000;
    const payload = packet.subarray(payloadOffset(packet));
    if (!track.isReady || isLate || payload.length === 0 || sequence === track.lastSequence) return true;
    track.lastSequence = sequence;
    const [samples] = track.decoder.decodeFrame(payload).channelData;
    if (samples && track.meter.changes(samples)) this.#onChange(mediaTrackId, atMs);
    return true;
  }
}
