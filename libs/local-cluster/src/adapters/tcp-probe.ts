import { connect } from 'node:net';

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
