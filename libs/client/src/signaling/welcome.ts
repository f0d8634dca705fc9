import type { ClientEvent } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { SkeinClientError } from '../client-error.ts';
import type { SignalingConnection } from './connection.ts';

const WELCOME_DEADLINE_MS = 10_000;

/**
 * Waits for the gateway's first message. Fails with `GATEWAY_UNREACHABLE`, `CONNECTION_LOST`,
 * `DEADLINE_EXCEEDED` after 10 s, or `ABORTED`.
 */
export function welcomeOf(
  connection: SignalingConnection,
  clock: Clock,
  signal?: AbortSignal,
): Promise<ClientEvent<'welcome'>> {
  const listening: Disposable[] = [];
  const welcome = new Promise<ClientEvent<'welcome'>>((resolve, reject) => {
    listening.push(
      connection.events.on('event', (event) => event.event === 'welcome' && resolve(event.data)),
    );
    listening.push(connection.events.on('closed', ({ error }) => reject(error)));
    listening.push(
      clock.after(WELCOME_DEADLINE_MS, () =>
        reject(SkeinClientError.deadline("the gateway's welcome", WELCOME_DEADLINE_MS)),
      ),
    );
    const onAbort = (): void => signal && reject(SkeinClientError.aborted(signal));
    signal?.addEventListener('abort', onAbort, { once: true });
    listening.push({ [Symbol.dispose]: () => signal?.removeEventListener('abort', onAbort) });
  });
  return welcome.finally(() => listening.forEach((one) => one[Symbol.dispose]()));
}
