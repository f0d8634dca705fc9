import { hostPort } from '@skein/runtime';
import { freePort } from './ports.ts';
import { startOnFreePort } from './free-port-start.ts';
import { Supervised } from './supervised.ts';
import { probeTcp } from './tcp-probe.ts';

export interface NatsOptions {
  /** Default: one that is free. */
  readonly port?: number | undefined;
  readonly logFile?: string | undefined;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Port of its monitoring pages (`/varz`), on the same address. Default: there are none. */
  readonly monitoringPort?: number | undefined;
  /** More of `nats-server`'s arguments, such as `--user`. */
  readonly args?: readonly string[] | undefined;
}

const READY_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 3_000;

/** A real NATS server. It can be killed, frozen and started again on the same port. */
export class NatsServer extends Supervised<true> implements AsyncDisposable {
  readonly port: number;
  readonly url: string;

  constructor(port: number, { logFile, host = '127.0.0.1', monitoringPort, args = [] }: NatsOptions) {
    const monitoring = monitoringPort === undefined ? [] : ['--http_port', String(monitoringPort)];
    super({
      spec: {
        name: 'nats',
        program: 'nats-server',
        args: ['--addr', host, '--port', String(port), ...monitoring, ...args],
        env: { PATH: process.env['PATH'] },
        logFile,
      },
      readyDeadlineMs: READY_DEADLINE_MS,
      stopDeadlineMs: STOP_DEADLINE_MS,
      probe: async () => ((await probeTcp({ host, port, expect: 'INFO {' })) ? undefined : true),
    });
    this.port = port;
    this.url = `nats://${hostPort(host, port)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts NATS and waits until it sends INFO. Fails with a `LaunchError`. */
export async function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  return await startOnFreePort(options.port, freePort, (port) => new NatsServer(port, options));
}
