import type { RoomStore, RoomWrite } from '@skein/cluster';
import { SkeinError, type Participant } from '@skein/protocol';
import { jitter, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { LeaderElection } from '../leadership/leader-election.ts';
import type { LostSessions } from './lost-sessions.ts';
import type { NodeWatch } from '../nodes/node-watch.ts';
import type { HealthySince } from '../leadership/healthy-since.ts';

/** Time for the gateways to place the participants of a dead node again. */
export const SWEEP_AFTER_MS = 10_000;
const SWEEP_EVERY_MS = 60_000;
const PAGE_SIZE = 100;
/** Pause before a sweep that reached its bound continues. */
const PAUSE_MS = 1000;
/** Pages per sweep; the next sweep continues there. */
const MAX_PAGES = 100;
/** Rooms read, and participants removed, at the same time. */
const CONCURRENT_CALLS = 16;

export interface SweeperDeps {
  readonly watch: NodeWatch;
  readonly storeHealth: HealthySince;
  readonly busHealth: HealthySince;
  readonly election: Pick<LeaderElection, 'isLeader' | 'confirm'>;
  readonly rooms: Pick<RoomStore, 'listRooms' | 'snapshot' | 'viewers' | 'leave' | 'repair'>;
  readonly lostSessions: Pick<LostSessions, 'beginSweep' | 'lostOf'>;
  readonly publish: (room: string, write: RoomWrite) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Removes participants and viewers without media from their rooms: their node is dead and no gateway has placed them again,
 * or the node has lost their session. Repairs damaged rooms. A room or participant that fails does not stop the others: it
 * is counted, reported, and retried by the next sweep.
 */
export class Sweeper {
  readonly #deps: SweeperDeps;
  /** Nodes that rooms name and control does not know, and since when. */
  #unknownSince = new Map<string, number>();
  /** The last room of the last sweep; `undefined`: it read every room. */
  #after: string | undefined;
  #timer: Disposable | undefined;
  #dueMs = Infinity;
  #running = false;
  #stopped = false;

  constructor(deps: SweeperDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#schedule(jitter(SWEEP_AFTER_MS, this.#deps.random, 0.1));
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
    const { clock } = this.#deps;
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
    const { random, log } = this.#deps;
    this.#running = true;
    let waitMs = jitter(SWEEP_AFTER_MS, random, 0.1);
    try {
      if (this.#mayDecide()) waitMs = await this.#sweep();
      else this.#unknownSince.clear();
    } catch (error) {
      const { code } = SkeinError.from(error);
      // A store that is away, or another leader, is reported elsewhere.
      const level = code === 'UNAVAILABLE' || code === 'STALE_EPOCH' ? 'debug' : 'warn';
      log[level]({ err: error }, 'a sweep was aborted; the next one continues');
    } finally {
      this.#running = false;
      this.#schedule(waitMs);
    }
  }

  /** Returns when to look again, in milliseconds. */
  async #sweep(): Promise<number> {
    const { rooms, election, random } = this.#deps;
    const waiting: Waiting = new Map();
    const failures = new Failures();
    this.#deps.lostSessions.beginSweep();
    for (let page = 0; page < MAX_PAGES; page++) {
      const names = await rooms.listRooms({
        pageSize: PAGE_SIZE,
        ...(this.#after !== undefined && { after: this.#after }),
      });
      const { orphans, damaged } = await this.#inspect(names, waiting, failures);
      if (orphans.length > 0 || damaged.length > 0) {
        const leaderFence = await election.confirm();
        if (leaderFence === undefined) break;
        await inBatches(orphans, (one) => failures.of(one.room, () => this.#remove(one, leaderFence)));
        await inBatches(damaged, (room) => failures.of(room, () => this.#repair(room, leaderFence)));
      }
      this.#after = names.length < PAGE_SIZE ? undefined : names.at(-1);
      if (this.#after === undefined) break;
    }
    failures.report(this.#deps.log);
    const stillUnknown = [...this.#unknownSince].filter(([nodeId]) => waiting.has(nodeId));
    if (this.#after === undefined) this.#unknownSince = new Map(stillUnknown);
    else return jitter(PAUSE_MS, random);
    if (waiting.size === 0) return jitter(SWEEP_EVERY_MS, random, 0.1);
    return Math.min(...waiting.values()) + jitter(PAUSE_MS, random) / 10;
  }

  async #inspect(names: readonly string[], waiting: Waiting, failures: Failures): Promise<Findings> {
    const { rooms, lostSessions } = this.#deps;
    const orphans: Orphan[] = [];
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
        orphans.push({ room, participant, reason: 'node-died' });
      }
      const lost = await failures.of(room, () => lostSessions.lostOf(room, members));
      for (const participant of lost ?? []) orphans.push({ room, participant, reason: 'session-lost' });
    });
    return { orphans, damaged };
  }

  async #repair(room: string, leaderFence: number): Promise<void> {
    const removed = await this.#deps.rooms.repair(room, leaderFence);
    if (removed > 0) this.#deps.log.warn({ room, removed }, 'a damaged room was repaired');
  }

  /** How long a node has been gone; 0 while it is there. Nodes that are gone for a short time go into `waiting`. */
  #goneForMs(nodeId: string, waiting: Waiting): number {
    const { watch, clock } = this.#deps;
    const now = clock.monotonicMs();
    if (watch.node(nodeId)) return 0;
    const deadSinceMs = watch.deadSinceMs(nodeId);
    const sinceMs = deadSinceMs ?? this.#unknownSince.get(nodeId) ?? now;
    if (deadSinceMs === undefined) this.#unknownSince.set(nodeId, sinceMs);
    const goneForMs = now - sinceMs;
    if (goneForMs < SWEEP_AFTER_MS) waiting.set(nodeId, SWEEP_AFTER_MS - goneForMs);
    return goneForMs;
  }

  async #remove({ room, participant, reason }: Orphan, leaderFence: number): Promise<void> {
    const { rooms, publish, log } = this.#deps;
    const { identity, epoch, nodeId } = participant;
    const write = await rooms.leave(room, { identity, epoch }, reason, leaderFence);
    publish(room, write);
    if (write.changes.length > 0 || write.viewership) {
      log.info(
        { event: 'participant.removed', room, participant: identity, nodeId, reason },
        'a participant without media was removed',
      );
    }
  }

  /** A node counts as gone only if it could have been heard, and its lease read, for all that time. */
  #mayDecide(): boolean {
    const { election, storeHealth, busHealth, clock } = this.#deps;
    const healthyFrom = clock.monotonicMs() - SWEEP_AFTER_MS;
    return (
      election.isLeader && [storeHealth, busHealth].every(({ sinceMs = Infinity }) => sinceMs <= healthyFrom)
    );
  }
}

/** Nodes that have not been gone for long enough, and how many milliseconds they still have. */
type Waiting = Map<string, number>;

/** Participants to remove, and rooms that may need a repair. */
interface Findings {
  readonly orphans: readonly Orphan[];
  readonly damaged: readonly string[];
}

/** Rooms named in one report. */
const NAMED_ROOMS = 5;

/** The failures of one sweep. An unreachable store or a lost leader lease concerns every room and ends the sweep. */
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
    log.warn(facts, 'some rooms could not be swept');
  }
}

interface Orphan {
  readonly room: string;
  readonly participant: Participant;
  readonly reason: 'node-died' | 'session-lost';
}

async function inBatches<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += CONCURRENT_CALLS) {
    await Promise.all(items.slice(start, start + CONCURRENT_CALLS).map(work));
  }
}
