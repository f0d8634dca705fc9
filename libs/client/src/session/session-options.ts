import type { ClientResponse } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Random } from '@skein/runtime/random';
import type { MediaEngine } from '../media/engine.ts';
import type { Entered, Entry } from '../signaling/handshake.ts';

/** What a session needs of the world around it. */
export interface SessionEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly engine: MediaEngine;
}

export interface SessionOptions {
  readonly environment: SessionEnvironment;
  readonly entry: Entry;
  /** Signaling addresses that were given, and which of them answered the join. */
  readonly urls: readonly string[];
  readonly url: string;
  readonly entered: Entered<ClientResponse<'join'>>;
  readonly pingIntervalMs: number;
  readonly reconnectDeadlineMs: number;
}
