import { hostPort } from '@skein/runtime';
import { Supervised } from './supervised.ts';
import { probeTcp } from './tcp-probe.ts';

const READY_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 3_000;

export interface RedisProcessOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Of `redis-server`. */
  readonly args: readonly string[];
  readonly logFile?: string | undefined;
}

/** A `redis-server`, whatever part it plays. It is ready when it answers PING. */
export class RedisProcess extends Supervised<true> implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly url: string;

  constructor({ name, host, port, args, logFile }: RedisProcessOptions) {
    super({
      spec: { name, program: 'redis-server', args, env: { PATH: process.env['PATH'] }, logFile },
      readyDeadlineMs: READY_DEADLINE_MS,
      stopDeadlineMs: STOP_DEADLINE_MS,
      probe: async () => {
        if (await probeTcp({ host, port, send: 'PING\r\n', expect: '+PONG' })) {
          // One that asks for a password is up as well.
          if (await probeTcp({ host, port, send: 'PING\r\n', expect: '-NOAUTH' })) return undefined;
        }
        return true;
      },
    });
    this.host = host;
    this.port = port;
    this.url = `redis://${hostPort(host, port)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
