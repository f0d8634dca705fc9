import { connect } from 'node:net';

/** What Redis and NATS have been asked so far. */
export interface OperationCounts {
  /** Calls of scripts: round trips of whoever places, publishes or leaves. */
  readonly redisScripts: number;
  /** All other commands, those that scripts make among them. */
  readonly redisCommands: number;
  /** Messages that clients have published to NATS. */
  readonly natsPublished: number;
  /** Messages that NATS has delivered. */
  readonly natsDelivered: number;
}

const DEADLINE_MS = 5000;
/** Asked by the measurement itself. */
const OWN_COMMANDS: ReadonlySet<string> = new Set(['info']);
const SCRIPT_COMMANDS: ReadonlySet<string> = new Set(['eval', 'evalsha']);

/** `monitoringUrl`: of NATS, `http://host:port`. */
export async function operationCounts(redisPort: number, monitoringUrl: string): Promise<OperationCounts> {
  const [commands, nats] = await Promise.all([redisCalls(redisPort), natsMessages(monitoringUrl)]);
  let [scripts, all] = [0, 0];
  for (const [name, calls] of commands) {
    if (OWN_COMMANDS.has(name)) continue;
    if (SCRIPT_COMMANDS.has(name)) scripts += calls;
    all += calls;
  }
  return { redisScripts: scripts, redisCommands: all - scripts, ...nats };
}

async function natsMessages(
  monitoringUrl: string,
): Promise<Pick<OperationCounts, 'natsPublished' | 'natsDelivered'>> {
  const response = await fetch(`${monitoringUrl}/varz`, { signal: AbortSignal.timeout(DEADLINE_MS) });
  const { in_msgs, out_msgs } = (await response.json()) as { in_msgs: number; out_msgs: number };
  return { natsPublished: in_msgs, natsDelivered: out_msgs };
}

/** Calls of each command since Redis was started (`INFO commandstats`). */
async function redisCalls(port: number): Promise<Map<string, number>> {
  const info = await redisInfo(port, 'commandstats');
  return new Map(
    [...info.matchAll(/^cmdstat_([\w|-]+):calls=(\d+)/gm)].map(([, name, calls]) => [
      name ?? '',
      Number(calls),
    ]),
  );
}

/** One section of Redis' INFO. Rejects after 5 s. */
export function redisInfo(port: number, section: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(`INFO ${section}\r\n`));
    socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error('Redis did not answer INFO')));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      const head = /^\$(\d+)\r\n/.exec(text);
      if (!head || text.length < head[0].length + Number(head[1])) return;
      socket.destroy();
      resolve(text.slice(head[0].length));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('Redis closed the connection')));
  });
}
