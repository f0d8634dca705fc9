import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { eventually } from '@skein/testkit';

/** A WebSocket client on a bare TCP connection (RFC 6455) that can stop reading. */
export class RawClient implements Disposable {
  readonly #tcp: Socket;
  received = Buffer.alloc(0);
  ended = false;

  private constructor(tcp: Socket) {
    this.#tcp = tcp;
    tcp.on('data', (bytes: Buffer) => (this.received = Buffer.concat([this.received, bytes])));
    tcp.on('close', () => (this.ended = true));
    tcp.on('error', () => (this.ended = true));
  }

  /** Asks for an upgrade; `received` shows the response. */
  static connect(port: number, path: string, headers: readonly string[] = []): RawClient {
    const tcp = connect({ port, host: '127.0.0.1' });
    const head = [
      `GET ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      ...headers,
    ];
    tcp.write(`${head.join('\r\n')}\r\n\r\n`);
    return new RawClient(tcp);
  }

  /** The same, and waits for the response's head. */
  static async open(port: number, path: string, headers: readonly string[] = []): Promise<RawClient> {
    const client = RawClient.connect(port, path, headers);
    await eventually('the upgrade', () => client.received.includes('\r\n\r\n'), { everyMs: 1 });
    return client;
  }

  stopReading(): void {
    this.#tcp.pause();
  }

  readAgain(): void {
    this.#tcp.resume();
  }

  /** Sends one masked text frame (§5.2). */
  send(text: string): void {
    const payload = Buffer.from(text);
    const head = Buffer.alloc(8);
    head.writeUInt8(0x81, 0);
    head.writeUInt8(0x80 | 126, 1);
    head.writeUInt16BE(payload.length, 2);
    // A mask of zeros leaves the payload as it is.
    this.#tcp.write(Buffer.concat([head, payload]));
  }

  /** The data of the answer to a request, once it has come. */
  answer<Data>(id: string): Data | undefined {
    const messages = this.texts().map((text) => JSON.parse(text) as { id?: string; data?: Data });
    return messages.find((message) => message.id === id)?.data;
  }

  /** Whole text frames that have come (§5.2); a server does not mask them. */
  texts(): string[] {
    const texts: string[] = [];
    let at = this.received.indexOf('\r\n\r\n') + 4;
    while (at + 4 <= this.received.length) {
      const short = this.received.readUInt8(at + 1);
      const [head, length] = short < 126 ? [2, short] : [4, this.received.readUInt16BE(at + 2)];
      if (at + head + length > this.received.length) break;
      if (this.received[at] === 0x81)
        texts.push(this.received.toString('utf8', at + head, at + head + length));
      at += head + length;
    }
    return texts;
  }

  /** The code of the close frame that came last, if one did. */
  get closeCode(): number | undefined {
    for (let at = this.received.length - 4; at >= 0 && at > this.received.length - 200; at--) {
      if (this.received[at] === 0x88) return this.received.readUInt16BE(at + 2);
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#tcp.destroy();
  }
}
