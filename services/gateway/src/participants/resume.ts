import type { Bus } from '@skein/bus';
import {
  type ClientResponse,
  type SessionEvent,
  type SessionRef,
  type SessionResponse,
  SkeinError,
  subjects,
} from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { admittedClient } from '../media-sessions/admitted-client.ts';
import type { NodeClient } from '../media-sessions/node-client.ts';
import type { SessionCloser } from '../media-sessions/session-closer.ts';
import type { SessionEvents } from '../media-sessions/session-events.ts';
import { logFields } from '../media-sessions/log-fields.ts';
import type { SessionHandle } from '../media-sessions/session.ts';
import type { SharedCapabilities } from '../media-sessions/shared-capabilities.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Entered, Entering, ResumeRequest } from './entrance.ts';
import { GatewayError } from './errors.ts';
import type { NodeChoice } from './node-choice.ts';
import type { ParticipantOptions, ParticipantSession } from './participant-session.ts';

export interface ResumeDeps {
  readonly bus: Bus;
  readonly rooms: Rooms;
  readonly nodes: NodeClient;
  readonly events: SessionEvents;
  readonly choice: NodeChoice;
  readonly closer: SessionCloser;
  readonly createParticipant: (options: ParticipantOptions) => ParticipantSession;
  /** Whether both stores are connected: otherwise an unknown node may be alive. */
  readonly seesCluster: () => boolean;
  readonly capabilities: SharedCapabilities;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Resumes sessions whose clients lost their connections, here or at other gateways. */
export class Resumes {
  readonly #deps: ResumeDeps;

  constructor(deps: ResumeDeps) {
    this.#deps = deps;
  }

  /** See `Entrance.resume`. */
  async resume(
    request: ResumeRequest,
    { port, signal }: Entering,
  ): Promise<Entered<ClientResponse<'resume'>>> {
    const { rooms, events, clock, log, createParticipant, capabilities } = this.#deps;
    const startedMs = clock.monotonicMs();
    const { room, identity, sessionId, epoch, nodeId, version } = request;
    const ref = { room, identity, sessionId, epoch, nodeId };
    // Subscribed first: no event of the node can be missed from here on.
    const membership = rooms.enter(room, port);
    const subscription = events.subscribe(ref);
    let session: SessionHandle | undefined;
    try {
      const { resumeToken, attachment, grants } = await this.#attach(ref, request.resumeToken);
      session = { ref, attachment, events: subscription };
      const state = await membership.catchUp(version);
      signal.throwIfAborted();
      // The grants are those that the node has from the join; the request cannot change them.
      const client = admittedClient(request, { identity, grants }, capabilities);
      const participant = createParticipant({ client, membership, port, session });
      if (!membership.watch(ref, participant)) throw GatewayError.takenOver();
      const facts = { epoch, ms: Math.round(clock.monotonicMs() - startedMs) };
      log.info({ event: 'participant.resumed', ...logFields(ref), ...facts }, 'participant resumed');
      const known = { state: participant.pages.bound(state), viewers: membership.viewers };
      return { response: { resumeToken, ...known }, participant };
    } catch (error) {
      subscription.close();
      membership.leave();
      // The client may try again, here or elsewhere.
      if (session) void this.#deps.closer.depart(session, 'lost');
      throw error;
    }
  }

  async #attach(ref: SessionRef, resumeToken: string): Promise<SessionResponse<'attach'>> {
    const { nodes, bus } = this.#deps;
    try {
      const attached = await nodes.request(ref, 'attach', { resumeToken, identity: ref.identity });
      const { attachment } = attached;
      bus.publish(subjects.session(ref.sessionId), {
        event: 'attached',
        data: { attachment },
      } satisfies SessionEvent);
      return attached;
    } catch (error) {
      throw this.#isGone(ref.nodeId, SkeinError.from(error)) ? GatewayError.sessionGone() : error;
    }
  }

  /** The node died together with the client's gateway, so that no gateway has moved the session. */
  #isGone(nodeId: string, { code }: SkeinError): boolean {
    const { choice, seesCluster } = this.#deps;
    const isSilent = code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED';
    return isSilent && seesCluster() && !choice.isAlive(nodeId);
  }
}
