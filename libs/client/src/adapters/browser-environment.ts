import type { Clock } from '@skein/runtime';
import type { Environment } from '../room/environment.ts';
import { MediasoupEngine } from './mediasoup-engine.ts';
import { openWebSocket } from './web-socket.ts';

/** The environment of a browser page. */
export function browserEnvironment(): Environment {
  return {
    clock: browserClock,
    random: () => Math.random(),
    newId: randomId,
    openSocket: openWebSocket,
    engine: new MediasoupEngine(),
  };
}

export const browserClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
  every: (ms, task) => {
    const timer = setInterval(task, ms);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Without `crypto.randomUUID`, which needs a secure context. */
function randomId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  return `${prefix}_${Array.from(bytes, (byte) => ALPHABET[byte & 31]).join('')}`;
}
