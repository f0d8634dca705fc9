import {
  parseInput,
  sessionEnvelope,
  sessionMethods,
  type SessionEndReason,
  type SessionEnvelope,
  type SessionMethod,
  type SessionResponse,
} from '@skein/protocol';
import type { Capacity } from '../capacity/capacity.ts';
import { chooseToMigrate } from '../migrations/migration-plan.ts';
import type { Room } from '../rooms/room.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { SessionError } from '../sessions/session-errors.ts';
import { Session } from '../sessions/session.ts';
import { RequestAdmission } from './request-admission.ts';

const ENDS_OR_TAKES_OVER: ReadonlySet<SessionMethod> = new Set(['attach', 'detach', 'close']);

/** The sessions on this node. Serves the requests of gateways to them. */
export class SessionDirectory {
  readonly #rooms: Rooms;
  readonly #capacity: Pick<Capacity, 'checkSession'>;
  readonly #onEnded: (session: Session) => void;
  readonly #sessions = new Map<string, { readonly session: Session; readonly room: Room }>();
  readonly #admission = new RequestAdmission();
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

  /** Handles one request of a gateway, as it arrived from the bus. */
  async handle(message: unknown): Promise<object> {
    const envelope = parseInput(sessionEnvelope, message, 'request');
    if (envelope.method === 'open') return await this.#openSession(envelope);
    const session = this.#sessions.get(envelope.sessionId)?.session;
    if (!session || session.room !== envelope.room) throw SessionError.notFound(envelope.sessionId);
    checkEpoch(session, envelope.epoch);
    const { sessionId, method, data } = envelope;
    // Requests that end a session or take it over free capacity: they are always admitted.
    if (ENDS_OR_TAKES_OVER.has(method)) return await session.handle(method, data);
    return await this.#admission.run(sessionId, () => session.handle(method, data));
  }

  /** The sessions to migrate, so that this node carries less. */
  chooseToMigrate(count: number): readonly Session[] {
    const present = [...this.#sessions.values()].filter(({ session }) => !session.leaving);
    const movable = present.map(({ session, room }) => ({
      sessionId: session.ref.sessionId,
      room: room.name,
      spansNodes: room.view.spansNodes,
    }));
    const chosen = new Set(chooseToMigrate(movable, count));
    return present.flatMap(({ session }) => (chosen.has(session.ref.sessionId) ? [session] : []));
  }

  /** Refuses new sessions from now on. */
  refuseNew(): void {
    this.#open = false;
  }

  /**
   * Ends all sessions and notifies their gateways. `leave`: removes their participants from the rooms, because no other
   * node can take them. Resolves when the rooms' states have it, or the announcements wait for the store.
   */
  async endAll(reason: SessionEndReason, { leave }: { leave: boolean }): Promise<void> {
    await Promise.all(this.all.map((session) => session.end(reason, { leave, notify: reason })));
  }

  async #openSession({ room, sessionId, epoch, data }: SessionEnvelope): Promise<SessionResponse<'open'>> {
    const request = parseInput(sessionMethods.open.request, data);
    const present = this.#sessions.get(sessionId)?.session;
    if (present && present.room !== room) throw SessionError.notFound(sessionId);
    if (present && present.ref.epoch > epoch) throw SessionError.staleEpoch(present.ref.epoch, epoch);
    if (present?.ref.epoch === epoch) return await present.open(request);
    if (!this.#open) throw SessionError.nodeLeaving();
    this.#capacity.checkSession({
      transports: request.transports.length,
      bringsRoom: !this.#rooms.get(room),
    });
    const entered = this.#rooms.enter(room);
    const ref = { room, identity: request.identity, sessionId, epoch, nodeId: entered.nodeId };
    const session = new Session(ref, entered, (ended) => this.#ended(ended));
    // Added before the older one ends, so that the room does not count as empty in between.
    this.#sessions.set(sessionId, { session, room: entered });
    entered.addSession(session);
    if (present) void present.end('superseded', { leave: false });
    return await session.open(request);
  }

  #ended(session: Session): void {
    const { sessionId } = session.ref;
    const entry = this.#sessions.get(sessionId);
    const room = entry?.session === session ? entry.room : this.#rooms.get(session.room);
    if (entry?.session === session) this.#sessions.delete(sessionId);
    room?.removeSession(session);
    this.#rooms.release(session.room);
    this.#onEnded(session);
  }
}

function checkEpoch(session: Session, epoch: number): void {
  if (session.ref.epoch !== epoch) throw SessionError.staleEpoch(session.ref.epoch, epoch);
}
