import type { RoomPublisher, RoomStore } from '@skein/cluster';
import { SkeinError } from '@skein/protocol';
import type { SessionRef, SessionRequest } from '@skein/protocol';
import { jitter } from '@skein/runtime';
import type { Clock, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { NodeSessions } from './node-client.ts';
import type { Departure } from '../participants/participant-state.ts';
import { logged } from './session.ts';
import type { HeldSession } from './session.ts';

export interface EndingDeps {
  readonly nodes: NodeSessions;
  readonly rooms: RoomStore;
  readonly news: RoomPublisher;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** How long a session waits for its client to come back, when the socket was lost. */
  readonly resumeGraceMs: number;
  /** That are under way at a time. Default `MAX_ENDINGS`. */
  readonly maxEndings?: number;
}

type CloseRequest = SessionRequest<'close'>;

/** What a node is told, and whether its participant is taken out of the room when it can't be told. */
type Ending =
  | { readonly method: 'close'; readonly data: CloseRequest }
  | { readonly method: 'detach'; readonly data: SessionRequest<'detach'> };

/** Waits between attempts; with the deadlines of the attempts themselves it gives up after about a minute. */
const RETRY_DELAYS_MS = [500, 1000, 2000, 4000, 8000, 16_000];
/** With so many under way the next ones are tried once: nodes find media without clients, and control the ghosts. */
const MAX_ENDINGS = 20_000;

/**
 * Tells nodes that sessions end, or wait for their clients, and goes on trying for a bounded time while a node or the
 * bus is away. When the node does not answer, the participant of a session that has ended is taken out of the room's
 * state from here, so that nobody sees a ghost; one that may come back, or is elsewhere already, is left in it.
 */
export class SessionEndings {
  readonly #deps: EndingDeps;
  readonly #running = new Set<Promise<void>>();
  readonly #stopped = new AbortController();

  constructor(deps: EndingDeps) {
    this.#deps = deps;
  }

  /** Ends a session, whoever holds it. Resolves, never fails, when the first attempt is over; later ones go on. */
  end(address: SessionRef, reason: CloseRequest['reason']): Promise<void> {
    return this.#begin(address, { method: 'close', data: { reason } });
  }

  /** The client of a session has gone. Without effect once another gateway holds the session. Resolves like `end`. */
  depart({ address, attachment }: HeldSession, how: Departure): Promise<void> {
    if (how === 'lost') {
      const graceMs = this.#deps.resumeGraceMs;
      return this.#begin(address, { method: 'detach', data: { attachment, graceMs } });
    }
    const reason = how === 'left' ? 'left' : 'disconnected';
    return this.#begin(address, { method: 'close', data: { reason, attachment } });
  }

  /** Waits up to `deadlineMs` for endings that run, then gives up on the rest. */
  async stop(deadlineMs: number): Promise<void> {
    const deadline = this.#deps.clock.sleep(deadlineMs, this.#stopped.signal).catch(() => {});
    await Promise.race([Promise.all(this.#running), deadline]);
    this.#stopped.abort(new Error('the gateway stopped'));
  }

  async #begin(address: SessionRef, ending: Ending): Promise<void> {
    const first = this.#attempt(address, ending);
    if (this.#running.size >= (this.#deps.maxEndings ?? MAX_ENDINGS)) return void (await first);
    this.#track(first.then((done) => (done ? undefined : this.#retry(address, ending))));
    await first;
  }

  #track(task: Promise<void>): void {
    const tracked = task.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #retry(address: SessionRef, ending: Ending): Promise<void> {
    const { clock, random, log } = this.#deps;
    for (const delayMs of RETRY_DELAYS_MS) {
      try {
        await clock.sleep(jitter(delayMs, random), this.#stopped.signal);
      } catch {
        return;
      }
      if (await this.#attempt(address, ending)) return;
    }
    log.warn(
      { ...logged(address), method: ending.method },
      'gave up telling a node that its session has ended',
    );
  }

  /** Whether nothing is left to do. */
  async #attempt(address: SessionRef, ending: Ending): Promise<boolean> {
    const { nodes, log } = this.#deps;
    let noSession = false;
    try {
      await nodes.request(address, ending.method, ending.data);
      return true;
    } catch (error) {
      const { code } = SkeinError.from(error);
      if (code === 'STALE_EPOCH') return true;
      noSession = code === 'SESSION_NOT_FOUND';
      log.debug({ ...logged(address), code, method: ending.method }, 'a node did not end a session');
    }
    if (ending.method === 'detach' || ending.data.reason === 'moved') return noSession;
    const takenOut = await this.#takeOut(address, ending.data.reason);
    return noSession && takenOut;
  }

  async #takeOut(address: SessionRef, reason: string): Promise<boolean> {
    const { rooms, news, log } = this.#deps;
    try {
      news.publish(address.room, await rooms.leave(address.room, address, reason));
      return true;
    } catch (error) {
      log.debug({ ...logged(address), err: error }, 'a participant could not be taken out of the room');
      return false;
    }
  }
}
