import type { Placed } from '@skein/cluster';
import { roleOf, SkeinError, type SessionRef } from '@skein/protocol';
import { jitter } from '@skein/runtime';
import type { Membership, SessionWatcher } from '../rooms/rooms.ts';
import type { OpenedSession } from '../media-sessions/session-opener.ts';
import { logged } from '../media-sessions/session.ts';
import type { ClientProfile, HeldSession } from '../media-sessions/session.ts';
import type { Departure, MoveFailure, MoveMode } from './participant-state.ts';
import type { MoveDeps } from './moves.ts';
import { afterFailure } from './migration-policy.ts';
import type { Turns } from './semaphore.ts';

export interface MoveOrder {
  readonly mode: MoveMode;
  readonly from: HeldSession;
  /** Told to the client and in the room's log. */
  readonly reason: string;
  readonly profile: ClientProfile;
  readonly membership: Membership;
  readonly watcher: SessionWatcher;
  /** Begins so much later, jittered by half. Default 0. */
  readonly afterMs?: number | undefined;
  /** Nodes that are taken only when there is no other, and the last of them only when there is none but it. */
  readonly shunnedNodeIds?: readonly string[] | undefined;
}

/** What a node may lose of a client, and take it again. */
const RETURNS: ReadonlySet<string> = new Set(['worker-died', 'session-not-found', 'media-timeout']);

export type MoveOutcome =
  | ({ readonly outcome: 'moved' } & OpenedSession)
  | { readonly outcome: MoveFailure }
  /** Called off; what it had placed is let go. */
  | { readonly outcome: 'cancelled' };

/** Why a move ends in the middle of an attempt. */
class Superseded extends Error {}

/** One client on its way to another session: placed, opened, with other nodes when one fails. */
export class Move {
  /** Never fails. */
  readonly done: Promise<MoveOutcome>;
  readonly #order: MoveOrder;
  readonly #turns: Turns;
  readonly #deps: MoveDeps;
  readonly #abort = new AbortController();
  /** Ids of the sessions that the store was asked for, and perhaps has, although it did not answer. */
  readonly #asked = new Set<string>();
  /** Asked for with the same id until the store answers: a repeat of what has happened changes nothing. */
  #sessionId: string | undefined;
  readonly #failedNodes = new Set<string>();
  #mode: MoveMode;
  #fromEpoch: number;
  /** Placed by this move, and not opened yet. */
  #placed: SessionRef | undefined;
  /** The store was asked last, and did not answer. */
  #unsure = false;
  #attempts = 0;
  #countedFromMs: number;
  #departure: Departure | undefined;

  constructor(order: MoveOrder, turns: Turns, deps: MoveDeps) {
    this.#order = order;
    this.#turns = turns;
    this.#deps = deps;
    this.#mode = order.mode;
    this.#fromEpoch = order.from.address.epoch;
    this.#countedFromMs = deps.clock.monotonicMs();
    this.done = this.#run();
  }

  /** Whether a session that the room's state shows is one that this move asked for. */
  owns(sessionId: string): boolean {
    return this.#asked.has(sessionId);
  }

  /** What was a switch is a rebuild from now on: the earlier session is lost. */
  hurry(): void {
    this.#mode = 'rebuild';
    this.#countAgain();
  }

  /** Ends it as soon as the step that runs is over. */
  cancel(how: Departure): void {
    this.#departure ??= how;
    this.#abort.abort(new Error('the move was called off'));
  }

  async #run(): Promise<MoveOutcome> {
    await this.#waitToBegin();
    for (;;) {
      try {
        const opened = await this.#takeTurn();
        if (!this.#departure) return { outcome: 'moved', ...opened };
        this.#letGo(opened, this.#departure);
        return { outcome: 'cancelled' };
      } catch (error) {
        if (this.#departure) return await this.#undo();
        if (error instanceof Superseded) return { outcome: 'superseded' };
        const outcome = await this.#backOff(SkeinError.from(error));
        if (outcome) return outcome;
      }
    }
  }

  async #waitToBegin(): Promise<void> {
    const { clock, random } = this.#deps;
    const { afterMs = 0 } = this.#order;
    if (afterMs === 0) return;
    // Called off meanwhile, it ends as it takes its turn.
    await clock.sleep(jitter(afterMs, random, 0.5), this.#abort.signal).catch(() => {});
    this.#countAgain();
  }

  /** Waits before the next attempt, or tells that there will be none. */
  async #backOff(failure: SkeinError): Promise<MoveOutcome | undefined> {
    const { clock, random, log } = this.#deps;
    this.#attempts++;
    const spentMs = clock.monotonicMs() - this.#countedFromMs;
    const next = afterFailure({
      mode: this.#mode,
      placed: this.#placed !== undefined,
      unsure: this.#unsure,
      attempts: this.#attempts,
      spentMs,
    });
    const facts = { ...logged(this.#order.from.address), reason: this.#order.reason, code: failure.code };
    if (next.do === 'giveUp') {
      log.warn({ ...facts, mode: this.#mode, attempts: this.#attempts }, 'a client could not be moved');
      if (next.outcome === 'givenUp') await this.#undo();
      return { outcome: next.outcome };
    }
    log.debug({ ...facts, mode: this.#mode, afterMs: next.afterMs }, 'a client is not moved yet; again');
    await clock.sleep(jitter(next.afterMs, random), this.#abort.signal).catch(() => {});
    return this.#departure ? await this.#undo() : undefined;
  }

  async #takeTurn(): Promise<OpenedSession> {
    using _turn = await this.#turns.take(this.#abort.signal);
    await this.#needBus();
    const { address, placed } = await this.#place();
    try {
      this.#abort.signal.throwIfAborted();
      const { openings, log, clock } = this.#deps;
      const opened = await openings.open(address, this.#order.profile, placed);
      this.#placed = undefined;
      const ms = Math.round(clock.monotonicMs() - this.#countedFromMs);
      const { reason, from } = this.#order;
      const { nodeId: fromNodeId } = from.address;
      log.info({ ...logged(address), fromNodeId, mode: this.#mode, reason, ms }, 'moved');
      return opened;
    } catch (error) {
      this.#failedNodes.add(address.nodeId);
      // The node may have made the session although its answer did not come.
      void this.#deps.endings.end(address, 'moved');
      throw error;
    }
  }

  async #place(): Promise<{ address: SessionRef; placed: Placed }> {
    const { news, choice } = this.#deps;
    const { profile, membership, watcher } = this.#order;
    const placed = await this.#askStore();
    const address = { ...placed.participant, room: profile.room };
    this.#fromEpoch = address.epoch;
    this.#placed = address;
    choice.assigned(address.nodeId);
    // Before the change is taken in, which would look like a takeover.
    if (!membership.watch(address, watcher)) throw new Superseded();
    membership.offer(placed);
    news.publish(profile.room, placed);
    return { address, placed };
  }

  async #askStore(): Promise<Placed> {
    const { store, ids, maxParticipants } = this.#deps;
    const { profile, reason } = this.#order;
    const { room, identity, name, metadata, stayId } = profile;
    const role = roleOf(profile.grants);
    const sessionId = (this.#sessionId ??= ids('ses'));
    this.#asked.add(sessionId);
    const asked = { room, identity, name, metadata, role, stayId, sessionId, maxParticipants, reason };
    try {
      const candidates = this.#candidates();
      const placed = await store.move({ ...asked, fromEpoch: this.#fromEpoch, candidates });
      this.#sessionId = undefined;
      this.#unsure = false;
      return placed;
    } catch (error) {
      const failure = SkeinError.from(error);
      this.#unsure = failure.code === 'UNAVAILABLE';
      if (this.#unsure) this.#countAgain();
      if (failure.code === 'STALE_EPOCH') await this.#catchUp();
      throw failure;
    }
  }

  async #needBus(): Promise<void> {
    try {
      await this.#deps.bus.ensure();
    } catch (error) {
      this.#countAgain();
      throw error;
    }
  }

  /** Without its store or its bus, a gateway can't move anybody; that time does not count. */
  #countAgain(): void {
    this.#countedFromMs = this.#deps.clock.monotonicMs();
  }

  /** The store has another epoch: an older one, if it lost what came after; else somebody else has placed the client. */
  async #catchUp(): Promise<void> {
    const { room, identity } = this.#order.profile;
    const { store } = this.#deps;
    const [snapshot, viewers] = await Promise.all([store.snapshot(room), store.viewers(room, [identity])]);
    const shown = viewers[0] ?? snapshot?.participants.find((one) => one.identity === identity);
    if (!shown) return;
    if (shown.epoch > this.#fromEpoch) throw new Superseded();
    this.#fromEpoch = shown.epoch;
  }

  #candidates(): ReturnType<MoveDeps['choice']['candidates']> {
    const { choice } = this.#deps;
    const { from, reason, profile, shunnedNodeIds = [] } = this.#order;
    const { nodeId } = from.address;
    const lost = RETURNS.has(reason) ? undefined : { nodeId, start: from.line.nodeStart };
    const wish = { region: profile.region, wishedNodeId: undefined, lost };
    const failed = [...this.#failedNodes];
    const lastShunned = shunnedNodeIds.slice(-1);
    for (const except of [[...failed, ...shunnedNodeIds], [...failed, ...lastShunned], failed]) {
      const candidates = choice.candidates({ ...wish, exceptNodeIds: new Set(except) });
      if (candidates.openNodeIds.length > 0) return candidates;
    }
    // Those that failed may have recovered.
    this.#failedNodes.clear();
    return choice.candidates({ ...wish, exceptNodeIds: this.#failedNodes });
  }

  /** The client went while its new session was being made. */
  #letGo({ session }: OpenedSession, how: Departure): void {
    session.line.close();
    void this.#deps.endings.depart(session, how);
  }

  /** Takes back a placement that has no session. */
  async #undo(): Promise<MoveOutcome> {
    const { store, news, log } = this.#deps;
    const placed = this.#placed;
    if (placed) {
      try {
        news.publish(placed.room, await store.leave(placed.room, placed, 'move-failed'));
      } catch (error) {
        log.warn({ ...logged(placed), err: error }, 'a failed move could not be taken back');
      }
    }
    return { outcome: 'cancelled' };
  }
}
