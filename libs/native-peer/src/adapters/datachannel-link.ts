import datachannel, { type PeerConnection, type Track } from 'node-datachannel';
import type { DtlsParameters, TransportDirection, TransportOffer } from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { PeerError } from '../engine/errors.ts';
import { answerSdp, offeredFingerprint, type LinkHandlers, type PacketLink } from '../engine/packet-link.ts';

const PAYLOAD_TYPE = 96;

/** A link on libdatachannel: one connection with one media section, so that every packet goes through one track. */
export function openDatachannelLink(direction: TransportDirection, handlers: LinkHandlers): PacketLink {
  return new DatachannelLink(direction, handlers);
}

/** Ends libdatachannel's threads. To be called once, when all links are closed. */
export function endDatachannel(): void {
  datachannel.cleanup();
}

class DatachannelLink implements PacketLink {
  readonly dtlsParameters: DtlsParameters;
  readonly #direction: TransportDirection;
  readonly #connection: PeerConnection;
  readonly #track: Track;
  readonly #handlers: LinkHandlers;
  #state: 'new' | 'up' | 'closed' = 'new';
  #settle: ((failure?: string) => void) | undefined;

  constructor(direction: TransportDirection, handlers: LinkHandlers) {
    this.#direction = direction;
    this.#handlers = handlers;
    this.#connection = new datachannel.PeerConnection('peer', {
      iceServers: [],
      disableAutoNegotiation: true,
    });
    const media = new datachannel.Video('0', direction === 'send' ? 'SendOnly' : 'RecvOnly');
    media.addVP8Codec(PAYLOAD_TYPE);
    this.#track = this.#connection.addTrack(media);
    this.#track.onMessage((packet) => {
      if (this.#state !== 'closed') handlers.packet(packet);
    });
    this.#track.onOpen(() => this.#opened());
    this.#connection.onStateChange((state) => this.#changed(state));
    this.#connection.setLocalDescription('offer');
    this.dtlsParameters = offeredFingerprint(this.#connection.localDescription()?.sdp ?? '');
  }

  connect(offer: TransportOffer, deadlineMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = systemClock.after(deadlineMs, () =>
        this.#settle?.(`not connected within ${deadlineMs} ms`),
      );
      this.#settle = (failure) => {
        this.#settle = undefined;
        deadline[Symbol.dispose]();
        if (failure === undefined) resolve();
        else reject(new PeerError('MEDIA_FAILED', `the ${this.#direction} transport: ${failure}`));
      };
      this.#connection.setRemoteDescription(answerSdp(offer, this.#direction), 'answer');
    });
  }

  send(packet: Buffer): boolean {
    if (this.#state !== 'up') return false;
    try {
      return this.#track.sendMessageBinary(packet);
    } catch {
      // It closes at this moment; `broken` follows.
      return false;
    }
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#settle?.('closed');
    this.#connection.close();
  }

  #opened(): void {
    if (this.#state !== 'new') return;
    this.#state = 'up';
    this.#settle?.();
  }

  #changed(state: string): void {
    const isOver = state === 'failed' || state === 'closed';
    if (this.#state === 'closed') return;
    if (this.#settle && isOver) return this.#settle(`ICE or DTLS ${state}`);
    if (this.#state === 'new') return;
    if (state === 'disconnected' || state === 'connected') return this.#handlers.changed(state);
    if (!isOver) return;
    this.#state = 'closed';
    this.#handlers.changed('failed');
    this.#connection.close();
  }
}
