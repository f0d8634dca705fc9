import type { ClientEvent } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { untilAborted, withDeadline } from '@skein/runtime/deadline';
import { SkeinClientError } from '../errors/client-error.ts';
import type { SignalingConnection } from './connection.ts';

/**
 * Waits for the first message of the gateway. Fails with `GATEWAY_UNREACHABLE`, `CONNECTION_LOST`,
 * `DEADLINE_EXCEEDED` after `deadlineMs`, or `ABORTED`.
 */
export async function welcomeOf(
  { events }: SignalingConnection,
  clock: Clock,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<ClientEvent<'welcome'>> {
  const listening: Disposable[] = [];
  const welcome = new Promise<ClientEvent<'welcome'>>((resolve, reject) => {
    listening.push(
      events.on('event', (event) => event.event === 'welcome' && resolve(event.data)),
      events.on('closed', ({ error }) => reject(error)),
    );
  });
  const work = signal ? untilAborted(signal, welcome, () => SkeinClientError.aborted(signal)) : welcome;
  try {
    return await withDeadline(clock, deadlineMs, work, () =>
      SkeinClientError.deadline('the connection attempt', deadlineMs),
    );
  } finally {
    for (const one of listening) one[Symbol.dispose]();
  }
}
