import type { Bus } from '@skein/bus';
import { publishChanges } from '@skein/cluster';
import type { Placed, RoomStore } from '@skein/cluster';
import { sessionEvent, SkeinError, subjects } from '@skein/protocol';
import type {
  ClientRequest,
  ClientResponse,
  IceServer,
  Participant,
  RoomSnapshot,
  SessionEvent,
  SessionResponse,
} from '@skein/protocol';
import type { Clock, IdSource } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { Membership, RoomMember, Rooms } from '../rooms/rooms.ts';
import type { SessionEndings } from '../sessions/endings.ts';
import type { NodeSessions } from '../sessions/node-sessions.ts';
import type { JoinedSession, SessionAddress } from '../sessions/session.ts';
import type { NodeChoice } from './node-choice.ts';
import { triesElsewhere } from './plan.ts';

/** The client that joins: its place in the room's audience, and where its session's events go. */
export interface JoinClient extends RoomMember {
  handleSessionEvent(event: SessionEvent): void;
}

export interface JoinDeps {
  readonly bus: Bus;
  readonly store: RoomStore;
  readonly rooms: Rooms;
  readonly nodes: NodeSessions;
  readonly choice: NodeChoice;
  readonly endings: SessionEndings;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly maxParticipants: number;
  readonly iceServers: readonly IceServer[];
}

export interface Joined {
  readonly response: ClientResponse<'join'>;
  readonly session: JoinedSession;
}

interface OpenedSession {
  readonly address: SessionAddress;
  readonly snapshot: RoomSnapshot;
  readonly opened: SessionResponse<'open'>;
  readonly line: Disposable;
}

type JoinRequest = ClientRequest<'join'> & { readonly identity: string };

/** Brings clients into rooms: audience, placement, session on the node; with other nodes when one fails. */
export class Joins {
  readonly #deps: JoinDeps;

  constructor(deps: JoinDeps) {
    this.#deps = deps;
  }

  /**
   * Joins `client` to a room. Everything done so far is undone when it fails, or when `signal` aborts meanwhile.
   * Fails with what the store or the last node tried answered.
   */
  async join(request: ClientRequest<'join'>, client: JoinClient, signal: AbortSignal): Promise<Joined> {
    const { rooms, ids, clock, log, iceServers } = this.#deps;
    const startedMs = clock.monotonicMs();
    const named = { ...request, identity: request.identity ?? ids('usr') };
    // The audience first: no change after the snapshot of the answer can then be missed.
    const membership = rooms.enter(request.room, client);
    try {
      const { address, snapshot, opened, line } = await this.#openSomewhere(
        named,
        client,
        membership,
        signal,
      );
      const release = (): void => {
        line[Symbol.dispose]();
        membership.leave();
      };
      const { identity, sessionId, epoch, nodeId } = address;
      log.info({ ...logged(address), epoch, ms: Math.round(clock.monotonicMs() - startedMs) }, 'joined');
      return {
        response: {
          identity,
          sessionId,
          epoch,
          nodeId,
          room: snapshot,
          ...opened,
          iceServers: [...iceServers],
        },
        session: { address, release },
      };
    } catch (error) {
      membership.leave();
      throw error;
    }
  }

  async #openSomewhere(
    request: JoinRequest,
    client: JoinClient,
    membership: Membership,
    signal: AbortSignal,
  ): Promise<OpenedSession> {
    const failed = new Set<string>();
    let lastFailure: SkeinError | undefined;
    for (let attempt = 1; ; attempt++) {
      const placed = await this.#place(request, failed, lastFailure);
      membership.offer(placed);
      const address = { ...placed.participant, room: request.room };
      const line = this.#listen(address, client);
      try {
        signal.throwIfAborted();
        const opened = await this.#open(request, address, placed.snapshot.version);
        signal.throwIfAborted();
        // Asked again, because changes may have gone out to the client while the node worked.
        if (!membership.watch(address)) throw takenOver();
        return { address, snapshot: membership.offer(placed), opened, line };
      } catch (error) {
        line[Symbol.dispose]();
        lastFailure = SkeinError.from(error);
        await this.#undo(address);
        if (signal.aborted || !triesElsewhere(lastFailure, attempt, request.nodeId !== undefined))
          throw error;
        failed.add(address.nodeId);
        this.#deps.log.warn({ ...logged(address), code: lastFailure.code }, 'a node did not take a session');
      }
    }
  }

  async #open(
    { identity, rtpCapabilities, autoSubscribe }: JoinRequest,
    address: SessionAddress,
    roomVersion: number,
  ): Promise<SessionResponse<'open'>> {
    const asked = { identity, roomVersion, rtpCapabilities, autoSubscribe };
    const { sendTransport, recvTransport, subscriptions } = await this.#deps.nodes.request(
      address,
      'open',
      asked,
    );
    return { sendTransport, recvTransport, subscriptions };
  }

  async #place(request: JoinRequest, failed: ReadonlySet<string>, lastFailure?: SkeinError): Promise<Placed> {
    const { store, bus, choice, ids, maxParticipants } = this.#deps;
    const { room, identity, name, metadata, nodeId, region } = request;
    try {
      const candidates = choice.candidates({ wishedNodeId: nodeId, region, exceptNodeIds: failed });
      const sessionId = ids('ses');
      const asked = { room, identity, name, metadata, sessionId, maxParticipants, candidates };
      const placed = await store.place(asked);
      publishChanges(bus, room, placed.changes);
      choice.assigned(placed.participant.nodeId);
      if (placed.superseded) this.#supersede(room, placed.superseded);
      return placed;
    } catch (error) {
      // That no other node is left says less than why the ones tried did not do.
      if (lastFailure && SkeinError.from(error).code === 'NO_NODE_AVAILABLE') throw lastFailure;
      throw error;
    }
  }

  /** Tells the earlier session's node and the gateway that holds its client. Not waited for. */
  #supersede(room: string, earlier: Participant): void {
    const { bus, endings } = this.#deps;
    void endings.end({ ...earlier, room }, 'superseded');
    bus.publish(subjects.session(earlier.sessionId), {
      event: 'sessionClosed',
      data: { reason: 'superseded' },
    } satisfies SessionEvent);
  }

  #listen(address: SessionAddress, client: JoinClient): Disposable {
    const subscription = this.#deps.bus.subscribe(subjects.session(address.sessionId), (data) => {
      const event = sessionEvent.safeParse(data);
      if (event.success) client.handleSessionEvent(event.data);
      else this.#deps.log.warn({ ...logged(address) }, 'an event of a session has a wrong form');
    });
    return { [Symbol.dispose]: () => subscription.close() };
  }

  /** Takes back a placement whose session was not opened, or whose client is gone. */
  async #undo(address: SessionAddress): Promise<void> {
    const { store, bus, endings, log } = this.#deps;
    // The node may have made the session although its answer did not come.
    void endings.end(address, 'disconnected');
    try {
      const { changes } = await store.leave(address.room, address, 'join-failed');
      publishChanges(bus, address.room, changes);
    } catch (error) {
      log.warn({ ...logged(address), err: error }, 'a failed join could not be taken back yet');
    }
  }
}

function takenOver(): SkeinError {
  return new SkeinError('STALE_EPOCH', 'another join with this identity took over');
}

function logged({ room, identity, sessionId, nodeId }: SessionAddress): Record<string, string> {
  return { room, participant: identity, sessionId, nodeId };
}
