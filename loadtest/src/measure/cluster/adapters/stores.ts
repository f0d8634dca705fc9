import { connect } from 'node:net';
import { parseCommandStats, parseNatsVarz, type NatsMessages, type RedisCommands } from '../store-stats.ts';

const DEADLINE_MS = 1000;
/** Redis answers some KiB; more is not an answer. */
const LONGEST_ANSWER = 1 << 20;

/** Asks a Redis without a password for its command counters. `undefined` when it does not answer in time. */
export function readRedisCommands(url: string): Promise<RedisCommands | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || 6379) });
    let answer = '';
    const finish = (commands?: RedisCommands): void => {
      socket.destroy();
      resolve(commands);
    };
    socket.setTimeout(DEADLINE_MS, () => finish());
    socket.on('error', () => finish());
    socket.on('close', () => finish());
    socket.on('connect', () => socket.write('INFO commandstats\r\n'));
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
      // A bulk string: `$LENGTH`, then that many bytes; the statistics are ASCII.
      const head = /^\$(\d+)\r\n/.exec(answer);
      if (head && answer.length >= head[0].length + Number(head[1])) finish(parseCommandStats(answer));
      else if (answer.length > LONGEST_ANSWER || /^[-+:*]/.test(answer)) finish();
    });
  });
}

/** Asks the monitoring port of a NATS server. `undefined` when it does not answer in time. */
export async function readNatsMessages(monitorUrl: string): Promise<NatsMessages | undefined> {
  try {
    const answer = await fetch(`${monitorUrl}/varz`, { signal: AbortSignal.timeout(DEADLINE_MS) });
    return parseNatsVarz(await answer.json());
  } catch {
    return undefined;
  }
}
