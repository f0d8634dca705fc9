import type { Clock } from '@skein/runtime';
import type { ClientPath, ClientTransport } from '../media/engine.ts';

/** How long a client that was connected may be silent before its session ends. */
export const MEDIA_TIMEOUT_MS = 15_000;

/**
 * Monitors one transport's path to its client. Calls `onLost` when an established path is gone for good, or for
 * `MEDIA_TIMEOUT_MS`. Ignores a client that never connected: its signaling shows whether it is there.
 */
export function watchMediaPath(transport: ClientTransport, clock: Clock, onLost: () => void): Disposable {
  let state: ClientPath | 'new' = 'new';
  let timer: Disposable | undefined;
  const listening = transport.events.on('path', ({ path }) => {
    if (state === 'gone' || path === state) return;
    const wasConnected = state !== 'new';
    state = path;
    timer?.[Symbol.dispose]();
    timer = undefined;
    if (path === 'gone') onLost();
    else if (path === 'disconnected' && wasConnected) timer = clock.after(MEDIA_TIMEOUT_MS, onLost);
  });
  return {
    [Symbol.dispose]: () => {
      listening[Symbol.dispose]();
      timer?.[Symbol.dispose]();
    },
  };
}
