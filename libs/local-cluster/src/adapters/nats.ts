import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  /** Longest payload that it takes, bytes. Default: the server's own, 1 MiB. */
  readonly maxPayloadBytes?: number | undefined;
}

const READY_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 3_000;

/** A real NATS server. It can be killed, frozen and started again on the same port. */
export class NatsServer extends Supervised<true> implements AsyncDisposable {
  readonly port: number;
  readonly url: string;

  constructor(port: number, options: NatsOptions) {
    const { logFile, host = '127.0.0.1', monitoringPort, maxPayloadBytes, args = [] } = options;
    const monitoring = monitoringPort === undefined ? [] : ['--http_port', String(monitoringPort)];
    // Only a file can set it.
    const limited = maxPayloadBytes === undefined ? [] : ['--config', payloadConfig(maxPayloadBytes)];
    super({
      spec: {
        name: 'nats',
        program: 'nats-server',
        args: ['--addr', host, '--port', String(port), ...monitoring, ...limited, ...args],
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

function payloadConfig(maxPayloadBytes: number): string {
  const file = join(tmpdir(), `skein-nats-payload-${maxPayloadBytes}.conf`);
  writeFileSync(file, `max_payload: ${maxPayloadBytes}\n`);
  return file;
}

/** Starts NATS and waits until it sends INFO. Fails with a `LaunchError`. */
export async function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  return await startOnFreePort(options.port, freePort, (port) => new NatsServer(port, options));
}
