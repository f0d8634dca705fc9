import { connect } from 'node:net';
import { hostPort } from '@skein/runtime';
import { LaunchError } from '../launch-error.ts';

export interface TcpProbe {
  readonly host: string;
  readonly port: number;
  /** Sent after connecting. */
  readonly send?: string;
  /** The first bytes of a healthy answer; without it, a connection is enough. */
  readonly expect?: string;
}

const PROBE_TIMEOUT_MS = 1_000;

/** Asks once. Resolves with `undefined` if the answer is as expected, else with why not. */
export function probeTcp({ host, port, send, expect }: TcpProbe): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (error?: Error): void => {
      socket.destroy();
      resolve(error);
    };
    let answer = '';
    socket.setTimeout(PROBE_TIMEOUT_MS, () => finish(new Error(`no answer within ${PROBE_TIMEOUT_MS} ms`)));
    socket.on('error', finish);
    socket.on('close', () => finish(new Error('connection closed')));
    socket.on('connect', () => {
      if (send !== undefined) socket.write(send);
      if (expect === undefined) finish();
    });
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
      if (expect !== undefined && answer.length >= expect.length) {
        finish(
          answer.startsWith(expect)
            ? undefined
            : new Error(`answered ${JSON.stringify(answer.slice(0, 80))}`),
        );
      }
    });
  });
}

/** Fails `UNREACHABLE` if nothing listens where `url` points. Of several servers (`a,b`) the first is asked. */
export async function assertReachable(what: string, url: string, defaultPort: number): Promise<void> {
  const [first = ''] = url.split(',');
  const { hostname, port } = new URL(first.includes('://') ? first : `tcp://${first}`);
  const host = hostname.replace(/^\[|\]$/g, '');
  const failure = await probeTcp({ host, port: Number(port || defaultPort) });
  // Without a user and a password, which a URL may hold.
  if (failure) throw LaunchError.unreachable(what, hostPort(host, Number(port || defaultPort)), failure);
}
