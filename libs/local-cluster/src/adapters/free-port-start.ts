import { LaunchError } from '../launch-error.ts';
import { assertPortFree } from './ports.ts';

interface Startable extends AsyncDisposable {
  start(): Promise<unknown>;
}

const ATTEMPTS = 5;

/**
 * Starts a server on `port`, or on one that `choosePort` finds. Between finding and binding another process may
 * take a port that was found, so another one is tried then.
 */
export async function startOnFreePort<Server extends Startable>(
  port: number | undefined,
  choosePort: () => Promise<number>,
  create: (port: number) => Server,
): Promise<Server> {
  if (port !== undefined) await assertPortFree(port, 'choose another');
  for (let attempt = 1; ; attempt++) {
    const server = create(port ?? (await choosePort()));
    try {
      await server.start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      const wasTaken = error instanceof LaunchError && /address already in use/i.test(error.message);
      if (!wasTaken || port !== undefined || attempt === ATTEMPTS) throw error;
    }
  }
}
