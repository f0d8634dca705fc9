import type { Clock } from '@skein/runtime';
import type { Random } from '@skein/runtime/random';
import type { MediaEngine, MediaLink } from '../media/engine.ts';
import type { Handshake } from '../signaling/handshake.ts';

/** The host and the room, as a session needs them. */
export interface SessionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly engine: MediaEngine;
  readonly handshake: Handshake;
  /** Version of the room state that this client has. */
  roomVersion(): number;
  isPublishing(): boolean;
  /** Whether `link` carries everything that is published, and everything that was received before. */
  isSettledOn(link: MediaLink): boolean;
}

export interface SessionOptions {
  /** The given signaling addresses, and the one of them that answered the join. */
  readonly urls: readonly string[];
  readonly url: string;
  readonly pingIntervalMs: number;
  readonly reconnectDeadlineMs: number;
}
