import { connect, type Socket } from 'node:net';

export const TAPPED_SUBJECTS = ['skein.room.>', 'skein.session.>', '_INBOX.>'] as const;

/**
 * Listens in on a NATS server: events and answers, not requests, for which a listener would count as one who serves. Keeps
 * sizes only. The protocol: https://docs.nats.io/reference/reference-protocols/nats-protocol.
 */
export class NatsTap implements Disposable {
  /** Of the largest message so far. */
  largestBytes = 0;
  largestSubject = '';
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  /** Of a payload that has come in part. */
  #skipBytes = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => {});
  }

  static open(url: string): Promise<NatsTap> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.once('error', reject);
      socket.once('connect', () => {
        const tap = new NatsTap(socket);
        const options = JSON.stringify({ verbose: false, pedantic: false, headers: true, name: 'tap' });
        socket.write(`CONNECT ${options}\r\n`);
        TAPPED_SUBJECTS.forEach((subject, index) => socket.write(`SUB ${subject} ${index + 1}\r\n`));
        resolve(tap);
      });
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (;;) {
      if (this.#skipBytes > 0) {
        const skipped = Math.min(this.#skipBytes, data.length);
        this.#skipBytes -= skipped;
        data = data.subarray(skipped);
      }
      const end = data.indexOf('\r\n');
      if (end < 0) break;
      this.#line(data.subarray(0, end).toString());
      data = data.subarray(end + 2);
    }
    this.#rest = data;
  }

  /** `MSG subject sid [reply] bytes` and `HMSG subject sid [reply] headerBytes bytes`, then the payload. */
  #line(line: string): void {
    const words = line.split(' ');
    if (words[0] === 'PING') this.#socket.write('PONG\r\n');
    if (words[0] !== 'MSG' && words[0] !== 'HMSG') return;
    const bytes = Number(words.at(-1));
    this.#skipBytes = bytes + 2;
    if (bytes <= this.largestBytes) return;
    this.largestBytes = bytes;
    // An inbox's name says nothing.
    this.largestSubject = (words[1] ?? '')
      .replace(/^_INBOX\..*/, '_INBOX')
      .split('.')
      .slice(0, 2)
      .join('.');
  }
}
