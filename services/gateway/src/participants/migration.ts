import type { Bus } from '@skein/bus';
import type { Placed, RoomPublisher, RoomStore } from '@skein/cluster';
import { roleOf, type SessionRef, SkeinError } from '@skein/protocol';
import { type Clock, type IdSource, jitter, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { AdmittedClient } from '../media-sessions/admitted-client.ts';
import type { SessionCloser } from '../media-sessions/session-closer.ts';
import type { OpenedSession, SessionOpener } from '../media-sessions/session-opener.ts';
import { logFields } from '../media-sessions/log-fields.ts';
import type { Departure, SessionHandle } from '../media-sessions/session.ts';
import type { RoomMembership, SessionWatcher } from '../rooms/membership.ts';
import type { MediaRebuild } from './media-losses.ts';
import { planRetry } from './migration-policy.ts';
import type { NodeChoice } from './node-choice.ts';
import type { MigrationFailure, MigrationMode } from './participant-state.ts';
import { Semaphore } from './semaphore.ts';

export interface MigrationDeps {
  readonly bus: Bus;
  readonly store: RoomStore;
  readonly publisher: RoomPublisher;
  readonly choice: NodeChoice;
  readonly opener: SessionOpener;
  readonly closer: SessionCloser;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly maxParticipants: number;
}

export interface MigrationOptions {
  readonly mode: MigrationMode;
  readonly from: SessionHandle;
  /** Sent to the client and written into the room's log. */
  readonly reason: string;
  readonly client: AdmittedClient;
  readonly membership: RoomMembership;
  readonly watcher: SessionWatcher;
  /**
   * Starts `afterMs` later, jittered by half. Avoided nodes are used only when there is no other, the last of them only when
   * it is the only one.
   */
  readonly rebuild?: MediaRebuild | undefined;
}

/** Losses after which the same node may take the client again. */
const SAME_NODE_LOSSES: ReadonlySet<string> = new Set(['worker-died', 'session-not-found', 'media-timeout']);

/** Attempts of this gateway that run at a time. */
export const CONCURRENT_ATTEMPTS = 16;

export type MigrationOutcome =
  | { readonly kind: 'moved'; readonly opened: OpenedSession }
  | { readonly kind: MigrationFailure }
  /** Cancelled; whatever it had placed is released. */
  | { readonly kind: 'cancelled' };

/** Moves clients of this gateway to other nodes while their connections stay. */
export class Migrations {
  readonly #deps: MigrationDeps;
  readonly #semaphore = new Semaphore(CONCURRENT_ATTEMPTS);

  constructor(deps: MigrationDeps) {
    this.#deps = deps;
  }

  /** Attempts that wait for others to end. */
  get waiting(): number {
    return this.#semaphore.waiting;
  }

  /** Starts to move a client. A client has at most one migration at a time. */
  start(options: MigrationOptions): Migration {
    return new Migration(options, this.#semaphore, this.#deps);
  }
}

/** Ends a migration in the middle of an attempt. */
class Superseded extends Error {}

/** Places one client again and opens its session there; tries other nodes when one fails. */
export class Migration {
  /** Never rejects. */
  readonly done: Promise<MigrationOutcome>;
  readonly #options: MigrationOptions;
  readonly #semaphore: Semaphore;
  readonly #deps: MigrationDeps;
  readonly #abort = new AbortController();
  /** Ids of the sessions that the store was asked for, and may have, although it did not answer. */
  readonly #requestedIds = new Set<string>();
  /** Repeated with the same id until the store answers, so that a request which was executed has no further effect. */
  #sessionId: string | undefined;
  readonly #failedNodes = new Set<string>();
  #mode: MigrationMode;
  #fromEpoch: number;
  /** Placed by this migration, and not opened yet. */
  #placed: SessionRef | undefined;
  /** The store did not answer the last request. */
  #isUnsure = false;
  #attempts = 0;
  #countedFromMs: number;
  #departure: Departure | undefined;

  constructor(options: MigrationOptions, semaphore: Semaphore, deps: MigrationDeps) {
    this.#options = options;
    this.#semaphore = semaphore;
    this.#deps = deps;
    this.#mode = options.mode;
    this.#fromEpoch = options.from.ref.epoch;
    this.#countedFromMs = deps.clock.monotonicMs();
    this.done = this.#run();
  }

  /** Whether a session in the room's state is one that this migration requested. */
  owns(sessionId: string): boolean {
    return this.#requestedIds.has(sessionId);
  }

  /** Turns a switch into a rebuild: the earlier session is lost. */
  expedite(): void {
    this.#mode = 'rebuild';
    this.#restartDeadline();
  }

  /** Ends the migration after the current step. */
  cancel(departure: Departure): void {
    this.#departure ??= departure;
    this.#abort.abort(new Error('the migration was cancelled'));
  }

  async #run(): Promise<MigrationOutcome> {
    await this.#delayStart();
    for (;;) {
      try {
        const opened = await this.#attempt();
        if (!this.#departure) return { kind: 'moved', opened };
        this.#release(opened, this.#departure);
        return { kind: 'cancelled' };
      } catch (error) {
        if (this.#departure) return await this.#undo();
        if (error instanceof Superseded) return { kind: 'superseded' };
        const outcome = await this.#backOff(SkeinError.from(error));
        if (outcome) return outcome;
      }
    }
  }

  async #delayStart(): Promise<void> {
    const { clock, random } = this.#deps;
    const { afterMs = 0 } = this.#options.rebuild ?? {};
    if (afterMs === 0) return;
    // If cancelled meanwhile, the migration ends as its attempt begins.
    await clock.sleep(jitter(afterMs, random, 0.5), this.#abort.signal).catch(() => {});
    this.#restartDeadline();
  }

  /** Waits before the next attempt; returns the outcome when there is none. */
  async #backOff(failure: SkeinError): Promise<MigrationOutcome | undefined> {
    const { clock, random, log } = this.#deps;
    this.#attempts++;
    const spentMs = clock.monotonicMs() - this.#countedFromMs;
    const next = planRetry({
      mode: this.#mode,
      placed: this.#placed !== undefined,
      unsure: this.#isUnsure,
      attempts: this.#attempts,
      spentMs,
    });
    const { from, reason } = this.#options;
    const facts = { ...logFields(from.ref), reason, code: failure.code, mode: this.#mode };
    if (next.kind === 'giveUp') {
      log.warn({ ...facts, attempts: this.#attempts }, 'participant could not be moved');
      if (next.failure === 'givenUp') await this.#undo();
      return { kind: next.failure };
    }
    log.debug({ ...facts, afterMs: next.afterMs }, 'participant could not be moved yet; retrying');
    await clock.sleep(jitter(next.afterMs, random), this.#abort.signal).catch(() => {});
    return this.#departure ? await this.#undo() : undefined;
  }

  async #attempt(): Promise<OpenedSession> {
    using _permit = await this.#semaphore.acquire(this.#abort.signal);
    await this.#ensureBus();
    const { ref, placed } = await this.#place();
    try {
      this.#abort.signal.throwIfAborted();
      const { opener, log, clock } = this.#deps;
      const opened = await opener.open(ref, this.#options.client, placed);
      this.#placed = undefined;
      const ms = Math.round(clock.monotonicMs() - this.#countedFromMs);
      const { reason, from } = this.#options;
      const { nodeId: fromNodeId } = from.ref;
      const facts = { ...logFields(ref), fromNodeId, mode: this.#mode, reason, ms };
      log.info({ event: 'participant.moved', ...facts }, 'participant moved to another node');
      return opened;
    } catch (error) {
      this.#failedNodes.add(ref.nodeId);
      // The node may have opened the session although its answer was lost.
      void this.#deps.closer.close(ref, 'moved');
      throw error;
    }
  }

  async #place(): Promise<{ ref: SessionRef; placed: Placed }> {
    const { publisher, choice } = this.#deps;
    const { client, membership, watcher } = this.#options;
    const placed = await this.#requestPlacement();
    const ref = { ...placed.participant, room: client.room };
    this.#fromEpoch = ref.epoch;
    this.#placed = ref;
    choice.assigned(ref.nodeId);
    // Before the change is applied, which would look like a takeover.
    if (!membership.watch(ref, watcher)) throw new Superseded();
    membership.apply(placed);
    publisher.publish(client.room, placed);
    return { ref, placed };
  }

  async #requestPlacement(): Promise<Placed> {
    const { store, ids, maxParticipants } = this.#deps;
    const { client, reason } = this.#options;
    const { room, identity, name, metadata, stayId } = client;
    const role = roleOf(client.grants);
    const sessionId = (this.#sessionId ??= ids('ses'));
    this.#requestedIds.add(sessionId);
    const asked = { room, identity, name, metadata, role, stayId, sessionId, maxParticipants, reason };
    try {
      const candidates = this.#candidates();
      const placed = await store.move({ ...asked, fromEpoch: this.#fromEpoch, candidates });
      this.#sessionId = undefined;
      this.#isUnsure = false;
      return placed;
    } catch (error) {
      const failure = SkeinError.from(error);
      this.#isUnsure = failure.code === 'UNAVAILABLE';
      if (this.#isUnsure) this.#restartDeadline();
      if (failure.code === 'STALE_EPOCH') await this.#catchUp();
      throw failure;
    }
  }

  async #ensureBus(): Promise<void> {
    try {
      await this.#deps.bus.ensure();
    } catch (error) {
      this.#restartDeadline();
      throw error;
    }
  }

  /** A gateway without its store or its bus can't move a client; that time does not count. */
  #restartDeadline(): void {
    this.#countedFromMs = this.#deps.clock.monotonicMs();
  }

  /** The store has another epoch: an older one, if it lost later changes; else the client was placed by another join. */
  async #catchUp(): Promise<void> {
    const { room, identity } = this.#options.client;
    const { store } = this.#deps;
    const [snapshot, viewers] = await Promise.all([store.snapshot(room), store.viewers(room, [identity])]);
    const shown = viewers[0] ?? snapshot?.participants.find((one) => one.identity === identity);
    if (!shown) return;
    if (shown.epoch > this.#fromEpoch) throw new Superseded();
    this.#fromEpoch = shown.epoch;
  }

  #candidates(): ReturnType<NodeChoice['candidates']> {
    const { choice } = this.#deps;
    const { from, reason, client, rebuild } = this.#options;
    const { nodeId } = from.ref;
    const lost = SAME_NODE_LOSSES.has(reason) ? undefined : { nodeId, start: from.events.nodeStart };
    const preferences = { region: client.region, preferredNodeId: undefined, lost };
    const failed = [...this.#failedNodes];
    const avoided = rebuild?.avoidedNodeIds ?? [];
    for (const excluded of [[...failed, ...avoided], [...failed, ...avoided.slice(-1)], failed]) {
      const candidates = choice.candidates({ ...preferences, excludedNodeIds: new Set(excluded) });
      if (candidates.openNodeIds.length > 0) return candidates;
    }
    // The failed ones may have recovered.
    this.#failedNodes.clear();
    return choice.candidates({ ...preferences, excludedNodeIds: this.#failedNodes });
  }

  /** The client left while its new session was being opened. */
  #release({ session }: OpenedSession, departure: Departure): void {
    session.events.close();
    void this.#deps.closer.depart(session, departure);
  }

  /** Takes back a placement that has no session. */
  async #undo(): Promise<MigrationOutcome> {
    const { store, publisher, log } = this.#deps;
    const placed = this.#placed;
    if (placed) {
      try {
        publisher.publish(placed.room, await store.leave(placed.room, placed, 'move-failed'));
      } catch (error) {
        log.warn({ ...logFields(placed), err: error }, 'failed migration could not be taken back');
      }
    }
    return { kind: 'cancelled' };
  }
}
