import type { DtlsParameters, TransportOffer } from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import datachannel, { type PeerConnection, type Track } from 'node-datachannel';

const CONNECT_DEADLINE_MS = 10_000;
const VP8_PAYLOAD_TYPE = 96;

/** A WebRTC client whose one connection sends and receives. It passes RTP packets through, of whatever codec. */
export class DuplexClient implements Disposable {
  readonly dtlsParameters: DtlsParameters;
  /** The RTP packets received so far. */
  readonly received: Buffer[] = [];
  readonly #connection: PeerConnection;
  readonly #track: Track;

  constructor() {
    this.#connection = new datachannel.PeerConnection('duplex', {
      iceServers: [],
      disableAutoNegotiation: true,
    });
    const media = new datachannel.Video('0', 'SendRecv');
    media.addVP8Codec(VP8_PAYLOAD_TYPE);
    this.#track = this.#connection.addTrack(media);
    this.#track.onMessage((packet) => {
      if (!isRtcp(packet)) this.received.push(packet);
    });
    this.#connection.setLocalDescription('offer');
    this.dtlsParameters = fingerprintOf(this.#connection.localDescription()?.sdp ?? '');
  }

  /** Resolves when packets can flow. To be called when the node has `dtlsParameters`. */
  connect(offer: TransportOffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = systemClock.after(CONNECT_DEADLINE_MS, () =>
        reject(new Error(`not connected within ${CONNECT_DEADLINE_MS} ms`)),
      );
      this.#track.onOpen(() => {
        deadline[Symbol.dispose]();
        resolve();
      });
      this.#connection.setRemoteDescription(answerSdp(offer), 'answer');
    });
  }

  send(packet: Buffer): void {
    this.#track.sendMessageBinary(packet);
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** RTP and RTCP share the transport; RFC 5761 §4 keeps their second bytes apart. */
function isRtcp(packet: Buffer): boolean {
  const type = packet.readUInt8(1);
  return type >= 192 && type <= 223;
}

function fingerprintOf(sdp: string): DtlsParameters {
  const value = /^a=fingerprint:sha-256 ([0-9A-F:]+)\s*$/im.exec(sdp)?.[1];
  if (value === undefined) throw new Error('the local description has no SHA-256 fingerprint');
  return { role: 'client', fingerprints: [{ algorithm: 'sha-256', value }] };
}

/** The node's side: ICE-lite, waiting for the client's DTLS hello, both directions in one media section. */
function answerSdp({ iceParameters, iceCandidates, dtlsParameters }: TransportOffer): string {
  const fingerprint = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256');
  const candidates = iceCandidates
    .filter(({ protocol }) => protocol === 'udp')
    .map(
      ({ foundation, priority, ip, address, port, type }) =>
        `a=candidate:${foundation} 1 udp ${priority} ${address ?? ip} ${port} typ ${type}`,
    );
  const lines = [
    ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=ice-lite', 'a=group:BUNDLE 0'],
    ...['m=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=rtcp-mux'],
    ...[`a=rtpmap:${VP8_PAYLOAD_TYPE} VP8/90000`, 'a=sendrecv'],
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    `a=fingerprint:sha-256 ${fingerprint?.value}`,
    ...['a=setup:passive', ...candidates, 'a=end-of-candidates'],
  ];
  return `${lines.join('\r\n')}\r\n`;
}
