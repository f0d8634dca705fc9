import type { Bus } from '@skein/bus';
import type { Placed, RoomPublisher, RoomStore } from '@skein/cluster';
import {
  type ClientResponse,
  type JoinRequest,
  type Participant,
  roleOf,
  type RoomSnapshot,
  type SessionEvent,
  type SessionRef,
  SkeinError,
  subjects,
} from '@skein/protocol';
import type { Clock, IdSource } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { type AdmittedClient, admittedClient } from '../media-sessions/admitted-client.ts';
import type { SessionCloser } from '../media-sessions/session-closer.ts';
import type { OpenedSession, SessionOpener } from '../media-sessions/session-opener.ts';
import { logFields } from '../media-sessions/log-fields.ts';
import type { SharedCapabilities } from '../media-sessions/shared-capabilities.ts';
import type { RoomMembership } from '../rooms/membership.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Admission } from './admission.ts';
import type { ClientPort } from './client-port.ts';
import type { Entered, Entering } from './entrance.ts';
import { GatewayError } from './errors.ts';
import { triesElsewhere } from './join-policy.ts';
import type { NodeChoice } from './node-choice.ts';
import type { ParticipantOptions, ParticipantSession } from './participant-session.ts';

export interface JoinDeps {
  readonly admission: Admission;
  readonly bus: Bus;
  readonly store: RoomStore;
  readonly publisher: RoomPublisher;
  readonly rooms: Rooms;
  readonly opener: SessionOpener;
  readonly choice: NodeChoice;
  readonly closer: SessionCloser;
  readonly createParticipant: (options: ParticipantOptions) => ParticipantSession;
  readonly capabilities: SharedCapabilities;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly maxParticipants: number;
}

/** One join under way. */
interface Joining {
  readonly client: AdmittedClient;
  readonly preferredNodeId: string | undefined;
  /** The highest epoch that the client had, if it comes back. */
  readonly lastEpoch: number | undefined;
  readonly membership: RoomMembership;
  readonly port: ClientPort;
  readonly signal: AbortSignal;
}

interface Joined {
  readonly participant: ParticipantSession;
  readonly opened: OpenedSession;
  readonly snapshot: RoomSnapshot;
}

/** Joins clients to rooms: admission, membership, placement, session on the node; tries other nodes when one fails. */
export class Joins {
  readonly #deps: JoinDeps;

  constructor(deps: JoinDeps) {
    this.#deps = deps;
  }

  /** See `Entrance.join`. */
  async join(
    request: JoinRequest,
    { port, credentials, signal }: Entering,
  ): Promise<Entered<ClientResponse<'join'>>> {
    const { admission, rooms, clock, log, capabilities } = this.#deps;
    const startedMs = clock.monotonicMs();
    const admitted = await admission.admitJoin(request, credentials);
    signal.throwIfAborted();
    const client = admittedClient(request, admitted, capabilities);
    const membership = rooms.enter(request.room, port);
    try {
      const { nodeId: preferredNodeId, lastEpoch } = request;
      const joining: Joining = { client, preferredNodeId, lastEpoch, membership, port, signal };
      const { participant, opened, snapshot } = await this.#openSomewhere(joining);
      const { session } = participant;
      const facts = { epoch: session.epoch, ms: Math.round(clock.monotonicMs() - startedMs) };
      log.info({ event: 'participant.joined', ...logFields(session), ...facts }, 'participant joined');
      const room = participant.pages.firstPageOf(snapshot);
      return { response: { identity: client.identity, room, ...opened.setup }, participant };
    } catch (error) {
      membership.leave();
      throw error;
    }
  }

  async #openSomewhere(joining: Joining): Promise<Joined> {
    const failed = new Set<string>();
    let lastFailure: SkeinError | undefined;
    for (let attempt = 1; ; attempt++) {
      const placed = await this.#place(joining, failed, lastFailure);
      const ref = { ...placed.participant, room: joining.client.room };
      try {
        return await this.#open(joining, placed, ref);
      } catch (error) {
        lastFailure = SkeinError.from(error);
        await this.#undo(ref);
        const hasPreferredNode = joining.preferredNodeId !== undefined;
        if (joining.signal.aborted || !triesElsewhere(lastFailure, attempt, hasPreferredNode)) throw error;
        failed.add(ref.nodeId);
        this.#deps.log.warn({ ...logFields(ref), code: lastFailure.code }, 'node did not open a session');
      }
    }
  }

  async #open(joining: Joining, placed: Placed, ref: SessionRef): Promise<Joined> {
    const { client, membership, port, signal } = joining;
    const { opener, createParticipant } = this.#deps;
    membership.apply(placed);
    signal.throwIfAborted();
    const opened = await opener.open(ref, client, placed);
    const { session } = opened;
    try {
      signal.throwIfAborted();
      const participant = createParticipant({ client, membership, port, session });
      if (!membership.watch(ref, participant)) throw GatewayError.takenOver();
      // Repeated, because changes may have been published while the node worked.
      const snapshot = membership.apply(placed);
      // Not before: the node decides whether the client may follow this room.
      membership.follow();
      return { participant, opened, snapshot };
    } catch (error) {
      session.events.close();
      throw error;
    }
  }

  async #place(
    { client, preferredNodeId, lastEpoch, membership }: Joining,
    failed: ReadonlySet<string>,
    lastFailure?: SkeinError,
  ): Promise<Placed> {
    const { bus, store, publisher, choice, ids, maxParticipants } = this.#deps;
    const { room, identity, name, metadata, grants, region, stayId } = client;
    // Without the bus no node can be asked: the placement would be taken back, after it has ended an earlier session.
    await bus.ensure();
    try {
      const candidates = choice.candidates({ preferredNodeId, region, excludedNodeIds: failed });
      const sessionId = ids('ses');
      const { known } = membership;
      const role = roleOf(grants);
      const asked = { room, identity, name, metadata, role, sessionId, stayId, lastEpoch };
      const placed = await store.place({ ...asked, maxParticipants, candidates, known });
      publisher.publish(room, placed);
      choice.assigned(placed.participant.nodeId);
      if (placed.superseded) this.#supersede(room, placed.superseded);
      return placed;
    } catch (error) {
      // The last node's error says more than that there is no other node.
      if (lastFailure && SkeinError.from(error).code === 'NO_NODE_AVAILABLE') throw lastFailure;
      throw error;
    }
  }

  /** Notifies the earlier session's node and the gateway that holds its client, without waiting for them. */
  #supersede(room: string, earlier: Participant): void {
    const { bus, closer } = this.#deps;
    void closer.close({ ...earlier, room }, 'superseded');
    bus.publish(subjects.session(earlier.sessionId), {
      event: 'sessionClosed',
      data: { reason: 'superseded' },
    } satisfies SessionEvent);
  }

  /** Takes back a placement whose session was not opened, or whose client is gone. */
  async #undo(ref: SessionRef): Promise<void> {
    const { store, publisher, closer, log } = this.#deps;
    // The node may have opened the session although its answer was lost.
    void closer.close(ref, 'disconnected');
    try {
      publisher.publish(ref.room, await store.leave(ref.room, ref, 'join-failed'));
    } catch (error) {
      log.warn({ ...logFields(ref), err: error }, 'failed join could not be taken back yet');
    }
  }
}
