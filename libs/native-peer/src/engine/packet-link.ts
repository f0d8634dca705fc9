import type { DtlsParameters, TransportDirection, TransportOffer } from '@skein/protocol';
import { PeerError } from './errors.ts';

export interface LinkHandlers {
  /** RTP or RTCP. The buffer is the handler's. */
  packet(packet: Buffer): void;
  /** After it was up: its path was lost, is back, or is lost for good. */
  changed(state: 'disconnected' | 'connected' | 'failed'): void;
}

/** One direction of a peer's media: ICE, DTLS and SRTP to the media node, packets in and out. */
export interface PacketLink {
  /** Our side's DTLS parameters, for the server. */
  readonly dtlsParameters: DtlsParameters;
  /** Begins, once the server knows `dtlsParameters`. Resolves when packets can flow; rejects with `MEDIA_FAILED`. */
  connect(offer: TransportOffer, deadlineMs: number): Promise<void>;
  /** False when it is not up, or the packet found no room. */
  send(packet: Buffer): boolean;
  close(): void;
}

export type OpenLink = (direction: TransportDirection, handlers: LinkHandlers) => PacketLink;

/**
 * The server's side as an SDP answer to an offer with one media section: mediasoup is ICE-lite, waits for the client's
 * DTLS hello, and takes whatever is sent on the transport. libdatachannel hands all packets to the only track.
 */
export function answerSdp(
  { iceParameters, iceCandidates, dtlsParameters }: TransportOffer,
  direction: TransportDirection,
): string {
  const fingerprint = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256');
  if (!fingerprint) throw new PeerError('MEDIA_FAILED', 'the server offers no SHA-256 fingerprint');
  const candidates = iceCandidates
    .filter(({ protocol }) => protocol === 'udp')
    .map(
      ({ foundation, priority, ip, address, port, type }) =>
        `a=candidate:${foundation} 1 udp ${priority} ${address ?? ip} ${port} typ ${type}`,
    );
  const lines = [
    ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=ice-lite', 'a=group:BUNDLE 0'],
    ...[
      'm=video 9 UDP/TLS/RTP/SAVPF 96',
      'c=IN IP4 0.0.0.0',
      'a=mid:0',
      'a=rtcp-mux',
      'a=rtpmap:96 VP8/90000',
    ],
    direction === 'send' ? 'a=recvonly' : 'a=sendonly',
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    `a=fingerprint:sha-256 ${fingerprint.value}`,
    'a=setup:passive',
    ...candidates,
    'a=end-of-candidates',
  ];
  return lines.join('\r\n') + '\r\n';
}

/** The fingerprint of our own offer. */
export function offeredFingerprint(sdp: string): DtlsParameters {
  const value = /^a=fingerprint:sha-256 ([0-9A-F:]+)\s*$/im.exec(sdp)?.[1];
  if (value === undefined)
    throw new PeerError('MEDIA_FAILED', 'the local description has no SHA-256 fingerprint');
  return { role: 'client', fingerprints: [{ algorithm: 'sha-256', value }] };
}
