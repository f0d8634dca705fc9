import type { RoomPublisher, RoomStore } from '@skein/cluster';
import { type SessionRef, type SessionRequest, SkeinError } from '@skein/protocol';
import { type Clock, jitter, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { NodeClient } from './node-client.ts';
import type { Departure, SessionHandle } from './session.ts';
import { logFields } from './log-fields.ts';

export interface SessionCloserDeps {
  readonly nodes: NodeClient;
  readonly rooms: RoomStore;
  readonly publisher: RoomPublisher;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** How long a session waits for its client to come back, when the connection was lost. */
  readonly resumeGraceMs: number;
  /** Closings with retries at a time. Default `MAX_CLOSINGS`. */
  readonly maxClosings?: number;
}

type CloseRequest = SessionRequest<'close'>;

/** The request to the node. */
type Closing =
  | { readonly method: 'close'; readonly data: CloseRequest }
  | { readonly method: 'detach'; readonly data: SessionRequest<'detach'> };

/** Waits between attempts; with the deadlines of the attempts it gives up after about a minute. */
const RETRY_DELAYS_MS = [500, 1000, 2000, 4000, 8000, 16_000];
/** Further ones are tried once: nodes detect media without clients, and control repairs the room state. */
const MAX_CLOSINGS = 20_000;

/**
 * Notifies nodes that sessions end, or wait for their clients, and retries for a bounded time while a node or the bus is
 * away. When the node does not answer, it removes the participant of a closed session from the room's state, so that
 * nobody sees a ghost; a participant that may come back, or has another session already, stays in it.
 */
export class SessionCloser {
  readonly #deps: SessionCloserDeps;
  readonly #running = new Set<Promise<void>>();
  readonly #stopped = new AbortController();

  constructor(deps: SessionCloserDeps) {
    this.#deps = deps;
  }

  /** Ends a session, whichever gateway holds it. Resolves, never rejects, after the first attempt; retries continue. */
  close(ref: SessionRef, reason: CloseRequest['reason']): Promise<void> {
    return this.#begin(ref, { method: 'close', data: { reason } });
  }

  /** The client of a session has left. Without effect once another gateway holds the session. Resolves like `close`. */
  depart({ ref, attachment }: SessionHandle, departure: Departure): Promise<void> {
    if (departure === 'lost') {
      const graceMs = this.#deps.resumeGraceMs;
      return this.#begin(ref, { method: 'detach', data: { attachment, graceMs } });
    }
    const reason = departure === 'left' ? 'left' : 'disconnected';
    return this.#begin(ref, { method: 'close', data: { reason, attachment } });
  }

  /** Waits up to `deadlineMs` for the closings under way, then gives up the rest. */
  async stop(deadlineMs: number): Promise<void> {
    const deadline = this.#deps.clock.sleep(deadlineMs, this.#stopped.signal).catch(() => {});
    await Promise.race([Promise.all(this.#running), deadline]);
    this.#stopped.abort(new Error('the gateway stopped'));
  }

  async #begin(ref: SessionRef, closing: Closing): Promise<void> {
    const first = this.#attempt(ref, closing);
    if (this.#running.size >= (this.#deps.maxClosings ?? MAX_CLOSINGS)) return void (await first);
    this.#track(first.then((done) => (done ? undefined : this.#retry(ref, closing))));
    await first;
  }

  #track(task: Promise<void>): void {
    const tracked = task.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #retry(ref: SessionRef, closing: Closing): Promise<void> {
    const { clock, random, log } = this.#deps;
    for (const delayMs of RETRY_DELAYS_MS) {
      try {
        await clock.sleep(jitter(delayMs, random), this.#stopped.signal);
      } catch {
        return;
      }
      if (await this.#attempt(ref, closing)) return;
    }
    log.warn(
      { ...logFields(ref), method: closing.method },
      'session close gave up: its node does not answer',
    );
  }

  /** Whether nothing is left to do. */
  async #attempt(ref: SessionRef, closing: Closing): Promise<boolean> {
    const { nodes, log } = this.#deps;
    let isGone = false;
    try {
      await nodes.request(ref, closing.method, closing.data);
      return true;
    } catch (error) {
      const { code } = SkeinError.from(error);
      if (code === 'STALE_EPOCH') return true;
      isGone = code === 'SESSION_NOT_FOUND';
      log.debug({ ...logFields(ref), code, method: closing.method }, 'node did not close a session');
    }
    if (closing.method === 'detach' || closing.data.reason === 'moved') return isGone;
    const isRemoved = await this.#removeFromRoom(ref, closing.data.reason);
    return isGone && isRemoved;
  }

  async #removeFromRoom(ref: SessionRef, reason: string): Promise<boolean> {
    const { rooms, publisher, log } = this.#deps;
    try {
      publisher.publish(ref.room, await rooms.leave(ref.room, ref, reason));
      return true;
    } catch (error) {
      log.debug({ ...logFields(ref), err: error }, 'participant could not be removed from the room');
      return false;
    }
  }
}
