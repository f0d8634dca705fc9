import { tmpdir } from 'node:os';
import { freePort } from './ports.ts';
import { RedisProcess } from './redis-process.ts';
import { startOnFreePort } from './free-port-start.ts';

export interface RedisOptions {
  /** Default: one that is free. */
  readonly port?: number | undefined;
  /** Keeps the data here, across restarts. Default: no data are kept, and no file is written. */
  readonly dir?: string | undefined;
  readonly logFile?: string | undefined;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default `redis`. */
  readonly name?: string | undefined;
  /** Starts it as the replica of that server. Default: it starts as a primary. */
  readonly replicaOf?: RedisServer | undefined;
  /** More of `redis-server`'s arguments, such as `--requirepass`. */
  readonly args?: readonly string[] | undefined;
}

/** A real Redis. It can be killed, frozen and started again on the same port. */
export class RedisServer extends RedisProcess {
  constructor(port: number, options: RedisOptions) {
    const { dir, logFile, host = '127.0.0.1', name = 'redis', replicaOf } = options;
    const more = options.args ?? [];
    // Without data to keep it reads one file at the start, if there is one of this name, and writes none.
    const place =
      dir === undefined ? ['--dir', tmpdir(), '--dbfilename', `skein-no-data-${port}.rdb`] : ['--dir', dir];
    const keep = dir === undefined ? 'no' : 'yes';
    const replica = replicaOf ? ['--replicaof', replicaOf.host, String(replicaOf.port)] : [];
    const args = [
      ...['--bind', host, '--port', String(port), ...place],
      // It has no password, and answers only those who reach an address of this machine.
      ...['--protected-mode', 'no'],
      ...['--save', '', '--appendonly', keep, '--daemonize', 'no'],
      // A replica need not wait for more of them before it gets the data.
      ...['--repl-diskless-sync-delay', '0', ...replica],
      ...more,
    ];
    super({ name, host, port, args, logFile });
  }
}

/** Starts Redis and waits until it answers PING. Fails with a `LaunchError`. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  return await startOnFreePort(options.port, freePort, (port) => new RedisServer(port, options));
}
