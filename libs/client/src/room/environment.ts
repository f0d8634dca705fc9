import type { Clock } from '@skein/runtime';
import type { Random } from '@skein/runtime/random';
import type { MediaEngine } from '../media/engine.ts';
import type { OpenSocket } from '../signaling/socket.ts';

/** What the SDK takes from the world around it. In a browser, `browserEnvironment()`; in tests, fakes. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  /** A new id that starts with `prefix`, unlike any other in the cluster. */
  readonly newId: (prefix: string) => string;
  readonly openSocket: OpenSocket;
  readonly engine: MediaEngine;
}
