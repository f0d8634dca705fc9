import type { Clock } from '@skein/runtime';
import type { Random } from '@skein/runtime/random';
import type { MediaEngine } from '../media/engine.ts';
import type { OpenSocket } from '../signaling/socket.ts';

/** What the SDK needs from its host. `connect` uses the browser by default; programs without one bring their own. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  /** Returns a new id that starts with `prefix` and is unique in the cluster. */
  readonly newId: (prefix: string) => string;
  readonly openSocket: OpenSocket;
  readonly engine: MediaEngine;
}
