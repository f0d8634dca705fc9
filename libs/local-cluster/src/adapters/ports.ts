import { createServer } from 'node:net';
import { systemRandom } from '@skein/runtime';
import { LaunchError } from '../launch-error.ts';

// Below the range from which the system takes the ports of outgoing connections (32768 and up on Linux). A server
// that is restarted finds its port free again, and a client that keeps connecting to a stopped server on this
// machine cannot be given that very port and so meet itself.
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 50;

/** A port of 127.0.0.1 that is free now and that the system gives to nobody unasked. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(systemRandom() * (HIGHEST - LOWEST));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${HIGHEST}`);
}

/** Fails `PORT_TAKEN` with `advice` if something listens on `port`. */
export async function assertPortFree(port: number, advice: string): Promise<void> {
  if (!(await isFree(port))) throw LaunchError.portTaken(port, advice);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
