import type { Bus } from '@skein/bus';
import type { Placed, RoomPublisher, RoomStore } from '@skein/cluster';
import { grantsOfRole, roleOf, SkeinError, subjects } from '@skein/protocol';
import type {
  ClientRequest,
  ClientResponse,
  Participant,
  RoomSnapshot,
  SessionEvent,
  SessionRef,
} from '@skein/protocol';
import type { Clock, IdSource } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { refusals } from './errors.ts';
import type { Socket } from '../edges/websocket/socket.ts';
import type { Membership, Rooms } from '../rooms/rooms.ts';
import type { SessionEndings } from '../media-sessions/session-closer.ts';
import type { OpenedSession, Openings } from '../media-sessions/session-opener.ts';
import { logged, profileOf } from '../media-sessions/session.ts';
import type { ClientProfile } from '../media-sessions/session.ts';
import type { SharedCapabilities } from '../media-sessions/shared-capabilities.ts';
import type { Stay, StayBeginning } from './participant-session.ts';
import type { NodeChoice } from './node-choice.ts';
import { triesElsewhere } from './join-policy.ts';

export interface JoinDeps {
  readonly bus: Bus;
  readonly store: RoomStore;
  readonly news: RoomPublisher;
  readonly rooms: Rooms;
  readonly openings: Openings;
  readonly choice: NodeChoice;
  readonly endings: SessionEndings;
  readonly beginStay: (beginning: StayBeginning) => Stay;
  readonly capabilities: SharedCapabilities;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly maxParticipants: number;
  /** Whether a join may name its node. */
  readonly nodeChoice: boolean;
}

/** The client is in the room. `stay` is to be started when it has been told so. */
export interface Entered<Response> {
  readonly response: Response;
  readonly stay: Stay;
}

/** What one join goes on with. */
interface Joining {
  readonly profile: ClientProfile;
  readonly wishedNodeId: string | undefined;
  /** The highest epoch that the client had, if it comes back. */
  readonly lastEpoch: number | undefined;
  readonly membership: Membership;
  readonly socket: Socket;
  readonly signal: AbortSignal;
}

interface JoinedSomewhere {
  readonly stay: Stay;
  readonly opened: OpenedSession;
  readonly snapshot: RoomSnapshot;
}

/** Brings clients into rooms: audience, placement, session on the node; with other nodes when one fails. */
export class Joins {
  readonly #deps: JoinDeps;

  constructor(deps: JoinDeps) {
    this.#deps = deps;
  }

  /**
   * Joins the client of `socket` to a room. Everything done so far is undone when it fails, or when `signal` aborts
   * meanwhile. Fails `PERMISSION_DENIED` when it names a node and may not, else with what the store or the last node tried
   * answered.
   */
  async join(
    request: ClientRequest<'join'>,
    socket: Socket,
    signal: AbortSignal,
  ): Promise<Entered<ClientResponse<'join'>>> {
    const { rooms, ids, clock, log, nodeChoice } = this.#deps;
    if (request.nodeId !== undefined && !nodeChoice) throw refusals.nodeChoice();
    const startedMs = clock.monotonicMs();
    const identity = request.identity ?? ids('usr');
    const profile = profileOf(request, identity, grantsOfRole[request.role], this.#deps.capabilities);
    const membership = rooms.enter(request.room, socket);
    try {
      const { nodeId: wishedNodeId, lastEpoch } = request;
      const joining: Joining = { profile, wishedNodeId, lastEpoch, membership, socket, signal };
      const { stay, opened, snapshot } = await this.#openSomewhere(joining);
      const { epoch } = stay.address;
      log.info({ ...logged(stay.address), epoch, ms: Math.round(clock.monotonicMs() - startedMs) }, 'joined');
      const room = stay.pages.firstPageOf(snapshot);
      return { response: { identity, room, ...opened.media }, stay };
    } catch (error) {
      membership.leave();
      throw error;
    }
  }

  async #openSomewhere(joining: Joining): Promise<JoinedSomewhere> {
    const failed = new Set<string>();
    let lastFailure: SkeinError | undefined;
    for (let attempt = 1; ; attempt++) {
      const placed = await this.#place(joining, failed, lastFailure);
      const address = { ...placed.participant, room: joining.profile.room };
      try {
        return await this.#open(joining, placed, address);
      } catch (error) {
        lastFailure = SkeinError.from(error);
        await this.#undo(address);
        const wished = joining.wishedNodeId !== undefined;
        if (joining.signal.aborted || !triesElsewhere(lastFailure, attempt, wished)) throw error;
        failed.add(address.nodeId);
        this.#deps.log.warn({ ...logged(address), code: lastFailure.code }, 'a node did not take a session');
      }
    }
  }

  async #open(joining: Joining, placed: Placed, address: SessionRef): Promise<JoinedSomewhere> {
    const { profile, membership, socket, signal } = joining;
    const { openings, beginStay } = this.#deps;
    membership.offer(placed);
    signal.throwIfAborted();
    const opened = await openings.open(address, profile, placed);
    const { session } = opened;
    try {
      signal.throwIfAborted();
      const stay = beginStay({ profile, membership, socket, session });
      // Asked again, because changes may have gone out to the client while the node worked.
      if (!membership.watch(address, stay)) throw refusals.takenOver();
      // Only now: before its node has taken the session, nobody knows whether the client may hear this room.
      const snapshot = membership.offer(placed);
      membership.listen();
      return { stay, opened, snapshot };
    } catch (error) {
      session.line.close();
      throw error;
    }
  }

  async #place(
    { profile, wishedNodeId, lastEpoch, membership }: Joining,
    failed: ReadonlySet<string>,
    lastFailure?: SkeinError,
  ): Promise<Placed> {
    const { bus, store, news, choice, ids, maxParticipants } = this.#deps;
    const { room, identity, name, metadata, grants, region, stayId } = profile;
    const role = roleOf(grants);
    // No node can be asked without it: a placement would only be taken back, after it has ended an earlier session.
    await bus.ensure();
    try {
      const candidates = choice.candidates({ wishedNodeId, region, exceptNodeIds: failed });
      const sessionId = ids('ses');
      const { known } = membership;
      const asked = { room, identity, name, metadata, role, sessionId, stayId, lastEpoch };
      const placed = await store.place({ ...asked, maxParticipants, candidates, known });
      news.publish(room, placed);
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

  /** Takes back a placement whose session was not opened, or whose client is gone. */
  async #undo(address: SessionRef): Promise<void> {
    const { store, news, endings, log } = this.#deps;
    // The node may have made the session although its answer did not come.
    void endings.end(address, 'disconnected');
    try {
      news.publish(address.room, await store.leave(address.room, address, 'join-failed'));
    } catch (error) {
      log.warn({ ...logged(address), err: error }, 'a failed join could not be taken back yet');
    }
  }
}
