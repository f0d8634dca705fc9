import { connect, createServer, type Socket } from 'node:net';
import { systemClock } from '@skein/runtime';

/** A TCP link to a port of this machine on which everything takes time. */
export interface DelayedLink extends AsyncDisposable {
  readonly address: string;
  /** Connections that were made over it. */
  readonly connections: number;
  /** Loses what is sent from now on; what is lost is not sent again. */
  setDown(down: boolean): void;
}

/** `oneWayMs`: for each direction; a new connection takes a round trip before it carries anything. */
export async function startDelayedLink(port: number, oneWayMs: number): Promise<DelayedLink> {
  const sockets = new Set<Socket>();
  let [connections, down] = [0, false];
  const carry = (from: Socket, to: Socket, firstMs: number): void => {
    const openAtMs = systemClock.monotonicMs() + firstMs;
    from.on('data', (chunk) => {
      const waitMs = Math.max(oneWayMs, openAtMs + oneWayMs - systemClock.monotonicMs());
      if (!down) systemClock.after(waitMs, () => void to.write(chunk));
    });
    from.on('close', () => systemClock.after(oneWayMs, () => to.destroy()));
    from.on('error', () => {});
    sockets.add(from);
  };
  const server = createServer((near) => {
    connections++;
    const far = connect(port, '127.0.0.1');
    carry(near, far, 2 * oneWayMs);
    carry(far, near, 2 * oneWayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: nearPort } = server.address() as { port: number };
  return {
    address: `127.0.0.1:${nearPort}`,
    get connections() {
      return connections;
    },
    setDown: (to) => void (down = to),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
