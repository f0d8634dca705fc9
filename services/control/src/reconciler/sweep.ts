import type { RoomStore, RoomWrite } from '@skein/cluster';
import { SkeinError, type Participant } from '@skein/protocol';
import { jitter, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { Leadership } from './leadership.ts';
import type { LostSessions } from './lost-sessions.ts';
import type { NodeWatch } from './node-watch.ts';
import type { Steadiness } from './steadiness.ts';

/** How long the gateways have to place the participants of a dead node again. */
export const SWEEP_AFTER_MS = 10_000;
const SWEEP_EVERY_MS = 60_000;
const PAGE_SIZE = 100;
/** Before a sweep that reached its bound goes on. */
const PAUSE_MS = 1000;
/** One sweep reads this many pages at most; the next one goes on there. */
const MAX_PAGES = 100;
/** Rooms that are read, and participants that are taken out, at the same time. */
const CONCURRENT_CALLS = 16;

export interface SweeperParts {
  readonly watch: NodeWatch;
  readonly storeSteadiness: Steadiness;
  readonly busSteadiness: Steadiness;
  readonly leadership: Pick<Leadership, 'leading' | 'confirm'>;
  readonly rooms: Pick<RoomStore, 'listRooms' | 'snapshot' | 'viewers' | 'leave'>;
  readonly lostSessions: Pick<LostSessions, 'beginSweep' | 'lostOf'>;
  readonly publish: (room: string, write: RoomWrite) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Takes participants and viewers out of their rooms whose media nobody holds: their node is dead and nobody has placed them again, or
 * it lives and has lost their session.
 */
export class Sweeper {
  readonly #parts: SweeperParts;
  /** Nodes that rooms name and nobody knows, and since when that is so. */
  #unknownSince = new Map<string, number>();
  /** Where the last sweep ended; `undefined`: it saw every room. */
  #after: string | undefined;
  #timer: Disposable | undefined;
  #dueMs = Infinity;
  #running = false;
  #stopped = false;

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#schedule(jitter(SWEEP_AFTER_MS, this.#parts.random, 0.1));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
  }

  afterDeath(): void {
    this.#schedule(SWEEP_AFTER_MS);
  }

  /** The earlier of two due times counts. */
  #schedule(waitMs: number): void {
    const { clock } = this.#parts;
    const dueMs = clock.monotonicMs() + waitMs;
    if (this.#stopped || this.#dueMs <= dueMs) return;
    this.#timer?.[Symbol.dispose]();
    this.#dueMs = dueMs;
    this.#timer = clock.after(waitMs, () => {
      this.#dueMs = Infinity;
      if (!this.#running) void this.#run();
    });
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { random, log } = this.#parts;
    this.#running = true;
    let waitMs = jitter(SWEEP_AFTER_MS, random, 0.1);
    try {
      if (this.#mayDecide()) waitMs = await this.#sweep();
      else this.#unknownSince.clear();
    } catch (error) {
      log.debug({ err: SkeinError.from(error) }, 'a sweep was broken off; the next one goes on');
    } finally {
      this.#running = false;
      this.#schedule(waitMs);
    }
  }

  /** Returns when to look again, in milliseconds. */
  async #sweep(): Promise<number> {
    const { rooms, leadership, random } = this.#parts;
    const waiting: Waiting = new Map();
    this.#parts.lostSessions.beginSweep();
    for (let page = 0; page < MAX_PAGES; page++) {
      const names = await rooms.listRooms({
        pageSize: PAGE_SIZE,
        ...(this.#after !== undefined && { after: this.#after }),
      });
      const left = await this.#abandonedIn(names, waiting);
      if (left.length > 0) {
        const leaderFence = await leadership.confirm();
        if (leaderFence === undefined) break;
        await inBatches(left, (one) => this.#takeOut(one, leaderFence));
      }
      this.#after = names.length < PAGE_SIZE ? undefined : names.at(-1);
      if (this.#after === undefined) break;
    }
    const stillUnknown = [...this.#unknownSince].filter(([nodeId]) => waiting.has(nodeId));
    if (this.#after === undefined) this.#unknownSince = new Map(stillUnknown);
    else return jitter(PAUSE_MS, random);
    if (waiting.size === 0) return jitter(SWEEP_EVERY_MS, random, 0.1);
    return Math.min(...waiting.values()) + jitter(PAUSE_MS, random) / 10;
  }

  async #abandonedIn(names: readonly string[], waiting: Waiting): Promise<Abandoned[]> {
    const { rooms, lostSessions } = this.#parts;
    const found: Abandoned[] = [];
    await inBatches(names, async (room) => {
      const snapshot = await rooms.snapshot(room);
      if (!snapshot) return;
      const viewers = snapshot.viewership?.viewers ? await rooms.viewers(room) : [];
      const members = [...snapshot.participants, ...viewers];
      for (const participant of members) {
        if (this.#goneForMs(participant.nodeId, waiting) < SWEEP_AFTER_MS) continue;
        found.push({ room, participant, reason: 'node-died' });
      }
      for (const participant of await lostSessions.lostOf(room, members)) {
        found.push({ room, participant, reason: 'session-lost' });
      }
    });
    return found;
  }

  /** How long a node has been gone; 0 while it is there. What is gone for a short time is put into `waiting`. */
  #goneForMs(nodeId: string, waiting: Waiting): number {
    const { watch, clock } = this.#parts;
    const now = clock.monotonicMs();
    if (watch.sight(nodeId)) return 0;
    const deadSinceMs = watch.deadSinceMs(nodeId);
    const sinceMs = deadSinceMs ?? this.#unknownSince.get(nodeId) ?? now;
    if (deadSinceMs === undefined) this.#unknownSince.set(nodeId, sinceMs);
    const goneForMs = now - sinceMs;
    if (goneForMs < SWEEP_AFTER_MS) waiting.set(nodeId, SWEEP_AFTER_MS - goneForMs);
    return goneForMs;
  }

  async #takeOut({ room, participant, reason }: Abandoned, leaderFence: number): Promise<void> {
    const { rooms, publish, log } = this.#parts;
    const { identity, epoch, nodeId } = participant;
    const write = await rooms.leave(room, { identity, epoch }, reason, leaderFence);
    publish(room, write);
    if (write.changes.length > 0 || write.viewership) {
      log.info({ room, participant: identity, nodeId, reason }, 'a participant without media was taken out');
    }
  }

  /** A node is gone only if it could have been heard, and its lease read, for all that time. */
  #mayDecide(): boolean {
    const { leadership, storeSteadiness, busSteadiness, clock } = this.#parts;
    const steadyFrom = clock.monotonicMs() - SWEEP_AFTER_MS;
    return (
      leadership.leading &&
      [storeSteadiness, busSteadiness].every(({ sinceMs = Infinity }) => sinceMs <= steadyFrom)
    );
  }
}

/** Nodes that have not been gone for long enough, and how many milliseconds they still have. */
type Waiting = Map<string, number>;

interface Abandoned {
  readonly room: string;
  readonly participant: Participant;
  readonly reason: 'node-died' | 'session-lost';
}

async function inBatches<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += CONCURRENT_CALLS) {
    await Promise.all(items.slice(start, start + CONCURRENT_CALLS).map(work));
  }
}
