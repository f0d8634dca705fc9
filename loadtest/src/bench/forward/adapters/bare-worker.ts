import { fileURLToPath } from 'node:url';
import { Supervised } from '@skein/local-cluster';

const READY_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 2000;
const MAIN = fileURLToPath(
  new URL('../../../../dist/bench/forward/adapters/bare-worker-main.js', import.meta.url),
);

interface Ready {
  readonly barePort: number;
  readonly workerPid: number;
}

/** A mediasoup worker alone, with a small process that sets it up. `workerPid` is the worker's own. */
export class BareWorker extends Supervised<Ready> implements AsyncDisposable {
  #ready: Ready = { barePort: 0, workerPid: 0 };

  private constructor() {
    super({
      spec: { name: 'bare worker', program: process.execPath, args: [MAIN], env: process.env },
      readyDeadlineMs: READY_DEADLINE_MS,
      stopDeadlineMs: STOP_DEADLINE_MS,
      readyLine: readyIn,
    });
  }

  /** Where peers join. */
  get url(): string {
    return `ws://127.0.0.1:${this.#ready.barePort}/?lines`;
  }

  get workerPid(): number {
    return this.#ready.workerPid;
  }

  static async start(): Promise<BareWorker> {
    const worker = new BareWorker();
    worker.#ready = await worker.start();
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function readyIn(line: string): Ready | undefined {
  const match = /^\{"barePort":(\d+),"workerPid":(\d+)\}$/.exec(line);
  return match ? { barePort: Number(match[1]), workerPid: Number(match[2]) } : undefined;
}
