import type { Bus } from '@skein/bus';
import { publishChanges } from '@skein/cluster';
import type { RoomStore } from '@skein/cluster';
import { SkeinError } from '@skein/protocol';
import type { SessionRequest } from '@skein/protocol';
import { jitter } from '@skein/runtime';
import type { Clock, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { NodeSessions } from './node-sessions.ts';
import type { SessionAddress } from './session.ts';

export type EndReason = SessionRequest<'close'>['reason'];

export interface EndingDeps {
  readonly nodes: NodeSessions;
  readonly rooms: RoomStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Waits between attempts; with the deadlines of the attempts themselves it gives up after about a minute. */
const RETRY_DELAYS_MS = [500, 1000, 2000, 4000, 8000, 16_000];

/**
 * Ends sessions at their nodes, and goes on trying for a bounded time while a node or the bus is away. When the
 * node does not answer, the participant is taken out of the room's state from here, so that nobody sees a ghost.
 * At most one ending runs for each session that was joined here, so their number has the bound of the sockets.
 */
export class SessionEndings {
  readonly #deps: EndingDeps;
  readonly #running = new Set<Promise<void>>();
  readonly #stopped = new AbortController();

  constructor(deps: EndingDeps) {
    this.#deps = deps;
  }

  /** Resolves, never fails, when the first attempt is over; later ones go on in the background. */
  async end(address: SessionAddress, reason: EndReason): Promise<void> {
    const first = this.#attempt(address, reason);
    this.#track(first.then((done) => (done ? undefined : this.#retry(address, reason))));
    await first;
  }

  /** Waits up to `deadlineMs` for endings that run, then gives up on the rest. */
  async stop(deadlineMs: number): Promise<void> {
    const deadline = this.#deps.clock.sleep(deadlineMs, this.#stopped.signal).catch(() => {});
    await Promise.race([Promise.all(this.#running), deadline]);
    this.#stopped.abort(new Error('the gateway stopped'));
  }

  #track(task: Promise<void>): void {
    const tracked = task.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #retry(address: SessionAddress, reason: EndReason): Promise<void> {
    const { clock, random, log } = this.#deps;
    for (const delayMs of RETRY_DELAYS_MS) {
      try {
        await clock.sleep(jitter(delayMs, random), this.#stopped.signal);
      } catch {
        return;
      }
      if (await this.#attempt(address, reason)) return;
    }
    log.warn({ ...logged(address), reason }, 'gave up telling a node that its session has ended');
  }

  /** Whether nothing is left to do. */
  async #attempt(address: SessionAddress, reason: EndReason): Promise<boolean> {
    const { nodes, rooms, bus, log } = this.#deps;
    try {
      await nodes.request(address, 'close', { reason });
      return true;
    } catch (error) {
      const failure = SkeinError.from(error);
      if (failure.code === 'STALE_EPOCH') return true;
      log.debug({ ...logged(address), code: failure.code, reason }, 'a node did not end a session');
    }
    try {
      const { changes } = await rooms.leave(address.room, address, reason);
      publishChanges(bus, address.room, changes);
    } catch (error) {
      log.debug({ ...logged(address), err: error }, 'a participant could not be taken out of the room');
    }
    return false;
  }
}

function logged({ room, identity, sessionId, nodeId }: SessionAddress): Record<string, string> {
  return { room, participant: identity, sessionId, nodeId };
}
