import type { ClientEvent } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { SkeinClientError } from '../errors/client-error.ts';
import type { SignalingConnection } from './connection.ts';

/**
 * Waits for the first message of the gateway. Fails with `GATEWAY_UNREACHABLE`, `CONNECTION_LOST`,
 * `DEADLINE_EXCEEDED` after `deadlineMs`, or `ABORTED`.
 */
export function welcomeOf(
  connection: SignalingConnection,
  clock: Clock,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<ClientEvent<'welcome'>> {
  const listening: Disposable[] = [];
  const welcome = new Promise<ClientEvent<'welcome'>>((resolve, reject) => {
    listening.push(
      connection.events.on('event', (event) => event.event === 'welcome' && resolve(event.data)),
    );
    listening.push(connection.events.on('closed', ({ error }) => reject(error)));
    listening.push(
      clock.after(deadlineMs, () => reject(SkeinClientError.deadline('the connection attempt', deadlineMs))),
    );
    const onAbort = (): void => signal && reject(SkeinClientError.aborted(signal));
    signal?.addEventListener('abort', onAbort, { once: true });
    listening.push({ [Symbol.dispose]: () => signal?.removeEventListener('abort', onAbort) });
  });
  return welcome.finally(() => listening.forEach((one) => one[Symbol.dispose]()));
}
