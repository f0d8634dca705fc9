import type { Bus } from '@skein/bus';
import { SkeinError, subjects } from '@skein/protocol';
import type {
  ClientRequest,
  ClientResponse,
  SessionEvent,
  SessionRef,
  SessionResponse,
} from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { refusals } from './errors.ts';
import type { Socket } from '../edges/websocket/socket.ts';
import type { Entered } from './join.ts';
import type { NodeChoice } from './node-choice.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { SessionEndings } from '../media-sessions/session-closer.ts';
import type { NodeSessions } from '../media-sessions/node-client.ts';
import { logged, profileOf } from '../media-sessions/session.ts';
import type { HeldSession } from '../media-sessions/session.ts';
import type { SessionLines } from '../media-sessions/session-events.ts';
import type { SharedCapabilities } from '../media-sessions/shared-capabilities.ts';
import type { Stay, StayBeginning } from './participant-session.ts';

export interface ResumeDeps {
  readonly bus: Bus;
  readonly rooms: Rooms;
  readonly nodes: NodeSessions;
  readonly lines: SessionLines;
  readonly choice: NodeChoice;
  readonly endings: SessionEndings;
  readonly beginStay: (beginning: StayBeginning) => Stay;
  /** Whether both stores are there: else that a node is not known says nothing. */
  readonly seesCluster: () => boolean;
  readonly capabilities: SharedCapabilities;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Goes on with sessions whose clients lost their sockets, here or at other gateways. Media is not touched. */
export class Resumes {
  readonly #deps: ResumeDeps;

  constructor(deps: ResumeDeps) {
    this.#deps = deps;
  }

  /**
   * Needs the session's node, and neither the store nor a placement. Fails `SESSION_NOT_FOUND` or `STALE_EPOCH` when
   * the session is over, `SESSION_NOT_FOUND` when it is another's, `UNAVAILABLE` or `DEADLINE_EXCEEDED` when its node does
   * not answer now.
   */
  async resume(
    request: ClientRequest<'resume'>,
    socket: Socket,
    signal: AbortSignal,
  ): Promise<Entered<ClientResponse<'resume'>>> {
    const { rooms, lines, clock, log, beginStay, capabilities } = this.#deps;
    const startedMs = clock.monotonicMs();
    const { room, identity, sessionId, epoch, nodeId, version } = request;
    const address = { room, identity, sessionId, epoch, nodeId };
    // The line first: nothing that its node tells from now on can then be missed.
    const membership = rooms.enter(room, socket);
    const line = lines.open(address);
    let held: HeldSession | undefined;
    try {
      const { resumeToken, attachment, grants } = await this.#attach(address, request.resumeToken);
      held = { address, attachment, line };
      const state = await membership.catchUp(version);
      signal.throwIfAborted();
      // The node knows what the client joined as; what it says now counts for nothing.
      const profile = profileOf(request, identity, grants, capabilities);
      const stay = beginStay({ profile, membership, socket, session: held });
      if (!membership.watch(address, stay)) throw refusals.takenOver();
      log.info({ ...logged(address), epoch, ms: Math.round(clock.monotonicMs() - startedMs) }, 'resumed');
      const known = { state: stay.pages.bound(state), viewers: membership.viewers };
      return { response: { resumeToken, ...known }, stay };
    } catch (error) {
      line.close();
      membership.leave();
      // The client may try again, here or elsewhere.
      if (held) void this.#deps.endings.depart(held, 'lost');
      throw error;
    }
  }

  async #attach(address: SessionRef, resumeToken: string): Promise<SessionResponse<'attach'>> {
    const { nodes, bus } = this.#deps;
    try {
      const attached = await nodes.request(address, 'attach', { resumeToken, identity: address.identity });
      const { attachment } = attached;
      bus.publish(subjects.session(address.sessionId), {
        event: 'attached',
        data: { attachment },
      } satisfies SessionEvent);
      return attached;
    } catch (error) {
      throw this.#isGone(address.nodeId, SkeinError.from(error)) ? refusals.sessionGone() : error;
    }
  }

  /** The node died together with the client's gateway, so that nobody has moved the session. */
  #isGone(nodeId: string, { code }: SkeinError): boolean {
    const { choice, seesCluster } = this.#deps;
    const silent = code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED';
    return silent && seesCluster() && !choice.isAlive(nodeId);
  }
}
