import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { systemClock } from '@skein/runtime';

export interface SlowLinkOptions {
  /** What each chunk takes, in each direction. */
  readonly delayMs: number;
  /** What a new connection takes until its first byte is carried: the handshakes of TCP and TLS. */
  readonly openingMs: number;
}

/** A TCP proxy in front of a port of this machine, with the round trips of a far one. Keeps the order of what it carries. */
export class SlowLink implements AsyncDisposable {
  /** Connections that were made so far. */
  connections = 0;
  readonly #server: Server;
  readonly #options: SlowLinkOptions;
  readonly #targetPort: number;
  readonly #sockets = new Set<Socket>();
  #stalledUntilMs = 0;

  constructor(targetPort: number, options: SlowLinkOptions) {
    this.#targetPort = targetPort;
    this.#options = options;
    this.#server = createServer((client) => this.#accept(client));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** Nothing arrives at either end for `ms`; then all of it does. */
  stall(ms: number): void {
    this.#stalledUntilMs = systemClock.monotonicMs() + ms;
  }

  /** Breaks all connections. New ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    this.connections++;
    const target = connect(this.#targetPort, '127.0.0.1');
    const openMs = systemClock.monotonicMs() + this.#options.openingMs;
    this.#carry(client, target, openMs);
    this.#carry(target, client, openMs);
  }

  #carry(from: Socket, to: Socket, openMs: number): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (bytes: Buffer) => {
      const dueMs = Math.max(openMs, systemClock.monotonicMs()) + this.#options.delayMs;
      this.#deliver(to, bytes, dueMs);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }

  #deliver(to: Socket, bytes: Buffer, dueMs: number): void {
    systemClock.after(Math.max(0, dueMs - systemClock.monotonicMs()), () => {
      // Chunks that a stall held back are due at its end, and keep their order: timers of one moment run in the order they were set.
      if (systemClock.monotonicMs() < this.#stalledUntilMs) this.#deliver(to, bytes, this.#stalledUntilMs);
      else if (!to.destroyed) to.write(bytes);
    });
  }
}

/** Listens on a port that the system chooses. */
export async function startSlowLink(targetPort: number, options: SlowLinkOptions): Promise<SlowLink> {
  const link = new SlowLink(targetPort, options);
  await link.listen();
  return link;
}
