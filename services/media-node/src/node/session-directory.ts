import {
  parseInput,
  sessionEnvelope,
  sessionMethods,
  type SessionEndReason,
  type SessionEnvelope,
  type SessionMethod,
  type SessionResponse,
} from '@skein/protocol';
import { chooseToMove } from '../migrations/migration-plan.ts';
import type { Capacity } from '../capacity/capacity.ts';
import type { RoomHost } from '../rooms/room-host.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { Admission } from './request-admission.ts';
import { SessionError } from '../sessions/session-errors.ts';
import { Session } from '../sessions/session.ts';

const ENDS_OR_TAKES_OVER: ReadonlySet<SessionMethod> = new Set(['attach', 'detach', 'close']);

/** The sessions on this node, and what gateways ask of them. */
export class SessionDirectory {
  readonly #rooms: Rooms;
  readonly #capacity: Pick<Capacity, 'checkSession'>;
  readonly #onEnded: (session: Session) => void;
  readonly #sessions = new Map<string, { readonly session: Session; readonly host: RoomHost }>();
  readonly #admission = new Admission();
  #open = true;

  constructor(rooms: Rooms, capacity: Pick<Capacity, 'checkSession'>, onEnded: (session: Session) => void) {
    this.#rooms = rooms;
    this.#capacity = capacity;
    this.#onEnded = onEnded;
  }

  get size(): number {
    return this.#sessions.size;
  }

  has(sessionId: string): boolean {
    return this.#sessions.has(sessionId);
  }

  get all(): readonly Session[] {
    return [...this.#sessions.values()].map(({ session }) => session);
  }

  /** Answers one request of a gateway, as it came from the bus. */
  async handle(message: unknown): Promise<object> {
    const envelope = parseInput(sessionEnvelope, message, 'request');
    if (envelope.method === 'open') return await this.#openSession(envelope);
    const session = this.#sessions.get(envelope.sessionId)?.session;
    if (!session || session.room !== envelope.room) throw SessionError.notFound(envelope.sessionId);
    checkEpoch(session, envelope.epoch);
    const { sessionId, method, data } = envelope;
    // What ends a session, or takes it over, makes room and is never refused.
    if (ENDS_OR_TAKES_OVER.has(method)) return await session.handle(method, data);
    return await this.#admission.run(sessionId, () => session.handle(method, data));
  }

  /** Which sessions to ask to move, so that this node carries less. */
  chooseToMove(count: number): readonly Session[] {
    const present = [...this.#sessions.values()].filter(({ session }) => !session.leaving);
    const movable = present.map(({ session, host }) => ({
      sessionId: session.name.sessionId,
      room: session.room,
      spansNodes: host.spansNodes,
    }));
    const chosen = new Set(chooseToMove(movable, count));
    return present.flatMap(({ session }) => (chosen.has(session.name.sessionId) ? [session] : []));
  }

  /** Takes no new sessions from now on. */
  stopTaking(): void {
    this.#open = false;
  }

  /**
   * Ends all sessions and tells their gateways. `leave`: their participants are not to come back elsewhere. Resolves
   * when the rooms' states have it or wait for the store.
   */
  async endAll(reason: SessionEndReason, { leave }: { leave: boolean }): Promise<void> {
    await Promise.all(this.all.map((session) => session.end(reason, { leave, tell: reason })));
  }

  async #openSession({ room, sessionId, epoch, data }: SessionEnvelope): Promise<SessionResponse<'open'>> {
    const request = parseInput(sessionMethods.open.request, data);
    const present = this.#sessions.get(sessionId)?.session;
    if (present && present.room !== room) throw SessionError.notFound(sessionId);
    if (present && present.name.epoch > epoch) throw SessionError.staleEpoch(present.name.epoch, epoch);
    if (present?.name.epoch === epoch) return await present.open(request);
    if (!this.#open) throw SessionError.nodeLeaving();
    this.#capacity.checkSession(!this.#rooms.get(room));
    const host = this.#rooms.enter(room);
    const ref = { room, identity: request.identity, sessionId, epoch, nodeId: host.nodeId };
    const session = new Session(ref, host, (ended) => this.#ended(ended));
    // In place before the older one ends, so that the room is not taken for empty in between.
    this.#sessions.set(sessionId, { session, host });
    host.addSession(session);
    if (present) void present.end('superseded', { leave: false });
    return await session.open(request);
  }

  #ended(session: Session): void {
    const { sessionId } = session.name;
    const entry = this.#sessions.get(sessionId);
    const host = entry?.session === session ? entry.host : this.#rooms.get(session.room);
    if (entry?.session === session) this.#sessions.delete(sessionId);
    host?.removeSession(session);
    this.#rooms.release(session.room);
    this.#onEnded(session);
  }
}

function checkEpoch(session: Session, epoch: number): void {
  if (session.name.epoch !== epoch) throw SessionError.staleEpoch(session.name.epoch, epoch);
}
