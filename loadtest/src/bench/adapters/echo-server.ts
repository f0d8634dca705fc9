import { fileURLToPath } from 'node:url';
import { Supervised } from '@skein/local-cluster';

const READY_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 1000;
const MAIN = fileURLToPath(new URL('echo-main.js', import.meta.url));

/** A bare uWebSockets.js that sends back what it gets, in a process of its own. */
export class EchoServer extends Supervised<number> implements AsyncDisposable {
  #port = 0;

  private constructor() {
    super({
      spec: { name: 'echo', program: process.execPath, args: [MAIN], env: { PATH: process.env['PATH'] } },
      readyDeadlineMs: READY_DEADLINE_MS,
      stopDeadlineMs: STOP_DEADLINE_MS,
      readyLine: (line) => portIn(line),
    });
  }

  get port(): number {
    return this.#port;
  }

  static async start(): Promise<EchoServer> {
    const server = new EchoServer();
    server.#port = await server.start();
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function portIn(line: string): number | undefined {
  const port = /^\{"echoPort":(\d+)\}$/.exec(line)?.[1];
  return port === undefined ? undefined : Number(port);
}
