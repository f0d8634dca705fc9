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

/** Another build of the worker for the bare side, to compare two builds in one run. */
const OTHER_BUILD = process.env['SKEIN_BENCH_WORKER_BIN'];

/** A mediasoup worker alone, with a small process that sets it up. `workerPid` is the worker's own. */
export class BareWorker extends Supervised<Ready> implements AsyncDisposable {
  #ready: Ready = { barePort: 0, workerPid: 0 };

  private constructor() {
    const env = { ...process.env, ...(OTHER_BUILD && { MEDIASOUP_WORKER_BIN: OTHER_BUILD }) };
    super({
      spec: { name: 'bare worker', program: process.execPath, args: [MAIN], env },
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
