import type { RoomStore, RoomWrite } from '@skein/cluster';
import { SkeinError, type Participant } from '@skein/protocol';
import { jitter, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { Leadership } from '../leadership/leader-election.ts';
import type { LostSessions } from './lost-sessions.ts';
import type { NodeWatch } from '../nodes/node-watch.ts';
import type { Steadiness } from '../leadership/healthy-since.ts';

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
  readonly rooms: Pick<RoomStore, 'listRooms' | 'snapshot' | 'viewers' | 'leave' | 'repair'>;
  readonly lostSessions: Pick<LostSessions, 'beginSweep' | 'lostOf'>;
  readonly publish: (room: string, write: RoomWrite) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Takes participants and viewers out of their rooms whose media nobody holds: their node is dead and nobody has placed them again, or
 * it lives and has lost their session. Repairs rooms in which something cannot be read. A room, or a participant, that
 * fails stops none of the others: it is counted, reported, and tried again by the next sweep.
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
      const { code } = SkeinError.from(error);
      // A store that is away, or another leader, is reported elsewhere.
      const level = code === 'UNAVAILABLE' || code === 'STALE_EPOCH' ? 'debug' : 'warn';
      log[level]({ err: error }, 'a sweep was broken off; the next one continues');
    } finally {
      this.#running = false;
      this.#schedule(waitMs);
    }
  }

  /** Returns when to look again, in milliseconds. */
  async #sweep(): Promise<number> {
    const { rooms, leadership, random } = this.#parts;
    const waiting: Waiting = new Map();
    const failures = new Failures();
    this.#parts.lostSessions.beginSweep();
    for (let page = 0; page < MAX_PAGES; page++) {
      const names = await rooms.listRooms({
        pageSize: PAGE_SIZE,
        ...(this.#after !== undefined && { after: this.#after }),
      });
      const { left, damaged } = await this.#lookInto(names, waiting, failures);
      if (left.length > 0 || damaged.length > 0) {
        const leaderFence = await leadership.confirm();
        if (leaderFence === undefined) break;
        await inBatches(left, (one) => failures.of(one.room, () => this.#takeOut(one, leaderFence)));
        await inBatches(damaged, (room) => failures.of(room, () => this.#repair(room, leaderFence)));
      }
      this.#after = names.length < PAGE_SIZE ? undefined : names.at(-1);
      if (this.#after === undefined) break;
    }
    failures.report(this.#parts.log);
    const stillUnknown = [...this.#unknownSince].filter(([nodeId]) => waiting.has(nodeId));
    if (this.#after === undefined) this.#unknownSince = new Map(stillUnknown);
    else return jitter(PAUSE_MS, random);
    if (waiting.size === 0) return jitter(SWEEP_EVERY_MS, random, 0.1);
    return Math.min(...waiting.values()) + jitter(PAUSE_MS, random) / 10;
  }

  async #lookInto(names: readonly string[], waiting: Waiting, failures: Failures): Promise<Findings> {
    const { rooms, lostSessions } = this.#parts;
    const left: Abandoned[] = [];
    const damaged: string[] = [];
    await inBatches(names, async (room) => {
      const seen = await failures.of(room, async () => {
        const snapshot = await rooms.snapshot(room);
        const viewers = snapshot?.viewership?.viewers ? await rooms.viewers(room) : [];
        return { snapshot, viewers };
      });
      if (!seen) return void damaged.push(room);
      const { snapshot, viewers } = seen;
      if (!snapshot) return;
      const members = [...snapshot.participants, ...viewers];
      const unread = (snapshot.viewership?.viewers ?? 0) !== viewers.length;
      if (snapshot.damaged || unread || members.length === 0) damaged.push(room);
      for (const participant of members) {
        if (this.#goneForMs(participant.nodeId, waiting) < SWEEP_AFTER_MS) continue;
        left.push({ room, participant, reason: 'node-died' });
      }
      const lost = await failures.of(room, () => lostSessions.lostOf(room, members));
      for (const participant of lost ?? []) left.push({ room, participant, reason: 'session-lost' });
    });
    return { left, damaged };
  }

  async #repair(room: string, leaderFence: number): Promise<void> {
    const removed = await this.#parts.rooms.repair(room, leaderFence);
    if (removed > 0) this.#parts.log.warn({ room, removed }, 'removed what could not be read from a room');
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

/** Who is to be taken out, and rooms that may hold something that cannot be read. */
interface Findings {
  readonly left: readonly Abandoned[];
  readonly damaged: readonly string[];
}

/** Rooms named in one report. */
const NAMED_ROOMS = 5;

/** What failed in one sweep. A store that is away, and a lease that is lost, concern every room: they end the sweep. */
class Failures {
  readonly #rooms = new Set<string>();
  #last: SkeinError | undefined;

  async of<Value>(room: string, work: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await work();
    } catch (thrown) {
      const error = SkeinError.from(thrown);
      if (error.code === 'UNAVAILABLE' || error.code === 'STALE_EPOCH') throw error;
      this.#rooms.add(room);
      this.#last = error;
      return undefined;
    }
  }

  report(log: Logger): void {
    if (this.#rooms.size === 0) return;
    const facts = { count: this.#rooms.size, rooms: [...this.#rooms].slice(0, NAMED_ROOMS), err: this.#last };
    log.warn(facts, 'rooms could not be swept as they should');
  }
}

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
