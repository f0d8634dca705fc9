import {
  PROTOCOL_VERSION,
  routerRtpCapabilities,
  type ClientEvent,
  type ClientRequestInput,
  type ClientResponse,
  type RtpCapabilities,
} from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { SkeinClientError } from '../errors/client-error.ts';
import { SignalingConnection } from './connection.ts';
import { EarlyEvents } from './early-events.ts';
import { wholeRoom, wholeState, type NewerState } from './room-pages.ts';
import { sameJson } from './same-json.ts';
import type { OpenSocket } from './socket.ts';
import { welcomeOf } from './welcome.ts';

export interface HandshakeDeps {
  readonly clock: Clock;
  readonly openSocket: OpenSocket;
  /** Prepares for the capabilities of the cluster; resolves with those of this client. */
  readonly engine: { load(routerCapabilities: RtpCapabilities): Promise<RtpCapabilities> };
}

/** The parameters of a join that stay the same over all sockets of a room. */
export type JoinParams = Omit<
  ClientRequestInput<'join'>,
  'protocolVersion' | 'rtpCapabilities' | 'lastEpoch'
>;

/** The session to resume. */
export type ResumeParams = Pick<
  ClientRequestInput<'resume'>,
  'identity' | 'sessionId' | 'epoch' | 'nodeId' | 'resumeToken' | 'version'
>;

/** The answer to a `resume`, with the complete changes of the room since `version`. */
export type ResumeResult = Omit<ClientResponse<'resume'>, 'state'> & { readonly state: NewerState };

export interface HandshakeResult<Answer> {
  readonly connection: SignalingConnection;
  /** Events that the gateway sent before anyone listened. */
  readonly early: EarlyEvents;
  readonly answer: Answer;
  /** Time from opening the socket to the welcome. */
  readonly welcomeMs: number;
  /** Addresses that the gateway announces; not validated yet. */
  readonly gateways: unknown;
}

export interface HandshakeDeadlines {
  /** For opening the socket and the gateway's welcome. */
  readonly welcomeMs: number;
  readonly answerMs: number;
}

/** Closes a socket without ending its session, as 1000 would. */
const UNANSWERED = 4002;

/** The handshake with a gateway: a socket, its welcome, and the first request over it. Every failure closes the socket. */
export class Handshake {
  readonly #deps: HandshakeDeps;
  readonly #joinParams: JoinParams;
  #loading: Promise<RtpCapabilities>;
  #expected: RtpCapabilities = routerRtpCapabilities;

  constructor(deps: HandshakeDeps, joinParams: JoinParams) {
    this.#deps = deps;
    this.#joinParams = joinParams;
    // The capabilities are a constant of the protocol version, so that the engine loads while the socket opens.
    this.#loading = deps.engine.load(routerRtpCapabilities);
    this.#loading.catch(() => undefined);
  }

  /**
   * `change` replaces parameters of the join. `lastEpoch`: of a session that was lost; fails `SUPERSEDED` when another device has
   * the identity now.
   */
  join(
    url: string,
    change: Pick<ClientRequestInput<'join'>, 'identity' | 'nodeId' | 'lastEpoch'>,
    deadlines: HandshakeDeadlines,
    signal?: AbortSignal,
  ): Promise<HandshakeResult<ClientResponse<'join'>>> {
    return this.#run(url, deadlines, signal, async (connection, media) => {
      const options = { signal, deadlineMs: deadlines.answerMs };
      const answer = await connection.request('join', { ...this.#joinParams, ...change, ...media }, options);
      const room = await wholeRoom(answer.room, (method, data) => connection.request(method, data, options));
      return { ...answer, room };
    });
  }

  /** Fails `SESSION_NOT_FOUND` or `STALE_EPOCH` when the session is over. */
  resume(
    url: string,
    params: ResumeParams,
    deadlines: HandshakeDeadlines,
    signal?: AbortSignal,
  ): Promise<HandshakeResult<ResumeResult>> {
    return this.#run(url, deadlines, signal, async (connection, media) => {
      const options = { signal, deadlineMs: deadlines.answerMs };
      const request = { ...this.#joinParams, ...params, ...media };
      const answer = await connection.request('resume', request, options);
      try {
        const state = await wholeState(answer.state, (method, data) =>
          connection.request(method, data, options),
        );
        return { ...answer, state };
      } catch (error) {
        // The gateway holds the session now. It must wait for the next attempt instead of ending.
        connection.close(UNANSWERED, 'unanswered');
        throw error;
      }
    });
  }

  async #run<Answer>(
    url: string,
    { welcomeMs }: HandshakeDeadlines,
    signal: AbortSignal | undefined,
    request: (
      connection: SignalingConnection,
      media: Pick<ClientRequestInput<'join'>, 'protocolVersion' | 'rtpCapabilities'>,
    ) => Promise<Answer>,
  ): Promise<HandshakeResult<Answer>> {
    const { clock, openSocket } = this.#deps;
    const startedMs = clock.monotonicMs();
    const connection = new SignalingConnection(url, openSocket, clock);
    const early = new EarlyEvents(connection.events);
    try {
      const welcome = await welcomeOf(connection, clock, welcomeMs, signal);
      const tookMs = clock.monotonicMs() - startedMs;
      const rtpCapabilities = await this.#receiveCapabilities(welcome);
      const answer = await request(connection, { protocolVersion: PROTOCOL_VERSION, rtpCapabilities });
      return { connection, early, answer, welcomeMs: tookMs, gateways: welcome.gateways };
    } catch (thrown) {
      early[Symbol.dispose]();
      connection.close();
      throw SkeinClientError.from(thrown);
    }
  }

  #receiveCapabilities(welcome: ClientEvent<'welcome'>): Promise<RtpCapabilities> {
    if (welcome.protocolVersion !== PROTOCOL_VERSION)
      throw SkeinClientError.unsupportedProtocol(PROTOCOL_VERSION, welcome.protocolVersion);
    if (!sameJson(welcome.routerRtpCapabilities, this.#expected)) {
      this.#expected = welcome.routerRtpCapabilities;
      this.#loading = this.#deps.engine.load(this.#expected);
    }
    return this.#loading;
  }
}
