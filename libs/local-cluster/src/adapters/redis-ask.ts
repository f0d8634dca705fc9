import { connect } from 'node:net';

const ANSWER_TIMEOUT_MS = 500;
const PONG = '+PONG\r\n';

/** Sends one inline command. Resolves with the raw answer (RESP2), `undefined` if there is none in time. */
export function askRedis(
  { host, port }: { readonly host: string; readonly port: number },
  ...words: readonly string[]
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let answer = '';
    const finish = (found?: string): void => {
      socket.destroy();
      resolve(found);
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => finish());
    socket.on('error', () => finish());
    // What stands before the answer to the PING is the whole answer.
    socket.on('connect', () => socket.write(`${words.join(' ')}\r\nPING\r\n`));
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.endsWith(PONG)) finish(answer.slice(0, -PONG.length));
    });
    socket.on('end', () => finish());
  });
}

/** The fields of `INFO replication`; `undefined` when the server does not answer. */
export async function replicationOf(server: {
  readonly host: string;
  readonly port: number;
}): Promise<Readonly<Record<'role' | 'master_link_status', string | undefined>> | undefined> {
  const info = await askRedis(server, 'INFO replication');
  if (info === undefined) return undefined;
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim();
  return { role: field('role'), master_link_status: field('master_link_status') };
}
