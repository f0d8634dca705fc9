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
import type { OpenSocket } from './socket.ts';
import { SignalingConnection } from './connection.ts';
import { EarlyEvents } from './early-events.ts';
import { wholeRoom, wholeState, type NewerState } from './room-pages.ts';
import { sameJson } from './same-json.ts';
import { welcomeOf } from './welcome.ts';

/** What a handshake needs of the world around it. */
export interface HandshakeDeps {
  readonly clock: Clock;
  readonly openSocket: OpenSocket;
  /** Prepares for the cluster's capabilities; answers with what this client can receive. */
  readonly engine: { load(routerCapabilities: RtpCapabilities): Promise<RtpCapabilities> };
}

/** What stays the same over all sockets of one room. */
export type Visitor = Omit<ClientRequestInput<'join'>, 'protocolVersion' | 'rtpCapabilities' | 'lastEpoch'>;

/** The session that a client goes on with. */
export type Resumption = Pick<
  ClientRequestInput<'resume'>,
  'identity' | 'sessionId' | 'epoch' | 'nodeId' | 'resumeToken' | 'version'
>;

/** The answer to a `resume`, with all that the room has come to. */
export type Resumed = Omit<ClientResponse<'resume'>, 'state'> & { readonly state: NewerState };

export interface Entered<Answer> {
  readonly connection: SignalingConnection;
  /** What the gateway told before anyone listened. */
  readonly early: EarlyEvents;
  readonly answer: Answer;
  /** How long the socket took to open and be welcomed. */
  readonly welcomeMs: number;
  /** Addresses of gateways as this one told them; not checked yet. */
  readonly gateways: unknown;
}

export interface EntryDeadlines {
  /** For the socket to open and the gateway to say welcome. */
  readonly welcomeMs: number;
  readonly answerMs: number;
}

/** Closes a socket without giving up its session, as 1000 would. */
const UNANSWERED = 4002;

/** The way into a gateway: a socket, its welcome, and the first request on it. Each failure closes the socket. */
export class Entry {
  readonly #deps: HandshakeDeps;
  readonly #visitor: Visitor;
  #loading: Promise<RtpCapabilities>;
  #expected: RtpCapabilities = routerRtpCapabilities;

  constructor(deps: HandshakeDeps, visitor: Visitor) {
    this.#deps = deps;
    this.#visitor = visitor;
    // The capabilities are a constant of the protocol's version, so that the engine need not wait for the socket.
    this.#loading = deps.engine.load(routerRtpCapabilities);
    this.#loading.catch(() => undefined);
  }

  /**
   * `identity` and `nodeId` replace those of the visitor when given. `lastEpoch`: of a session that was lost; fails
   * `SUPERSEDED` when somebody else has the identity now.
   */
  join(
    url: string,
    change: Pick<ClientRequestInput<'join'>, 'identity' | 'nodeId' | 'lastEpoch'>,
    deadlines: EntryDeadlines,
    signal?: AbortSignal,
  ): Promise<Entered<ClientResponse<'join'>>> {
    return this.#enter(url, deadlines, signal, async (connection, media) => {
      const options = { signal, deadlineMs: deadlines.answerMs };
      const answer = await connection.request('join', { ...this.#visitor, ...change, ...media }, options);
      const room = await wholeRoom(answer.room, (method, data) => connection.request(method, data, options));
      return { ...answer, room };
    });
  }

  /** Fails `SESSION_NOT_FOUND` or `STALE_EPOCH` when the session is over. */
  resume(
    url: string,
    resumption: Resumption,
    deadlines: EntryDeadlines,
    signal?: AbortSignal,
  ): Promise<Entered<Resumed>> {
    return this.#enter(url, deadlines, signal, async (connection, media) => {
      const options = { signal, deadlineMs: deadlines.answerMs };
      const asked = { ...this.#visitor, ...resumption, ...media };
      const answer = await connection.request('resume', asked, options);
      try {
        const state = await wholeState(answer.state, (method, data) =>
          connection.request(method, data, options),
        );
        return { ...answer, state };
      } catch (error) {
        // The session is held by now: it must wait for the next attempt, and not end.
        connection.close(UNANSWERED, 'unanswered');
        throw error;
      }
    });
  }

  async #enter<Answer>(
    url: string,
    { welcomeMs }: EntryDeadlines,
    signal: AbortSignal | undefined,
    ask: (
      connection: SignalingConnection,
      media: Pick<ClientRequestInput<'join'>, 'protocolVersion' | 'rtpCapabilities'>,
    ) => Promise<Answer>,
  ): Promise<Entered<Answer>> {
    const { clock, openSocket } = this.#deps;
    const startedMs = clock.monotonicMs();
    const connection = new SignalingConnection(url, openSocket, clock);
    const early = new EarlyEvents(connection.events);
    try {
      const welcome = await welcomeOf(connection, clock, welcomeMs, signal);
      const tookMs = clock.monotonicMs() - startedMs;
      const rtpCapabilities = await this.#receiveCapabilities(welcome);
      const answer = await ask(connection, { protocolVersion: PROTOCOL_VERSION, rtpCapabilities });
      return { connection, early, answer, welcomeMs: tookMs, gateways: welcome.gateways };
    } catch (thrown) {
      early[Symbol.dispose]();
      connection.close();
      throw SkeinClientError.from(thrown);
    }
  }

  #receiveCapabilities(welcome: ClientEvent<'welcome'>): Promise<RtpCapabilities> {
    if (welcome.protocolVersion !== PROTOCOL_VERSION) {
      const message = `this page speaks protocol ${PROTOCOL_VERSION}, the gateway ${welcome.protocolVersion}; reload the page`;
      throw new SkeinClientError('UNSUPPORTED_PROTOCOL', message);
    }
    if (!sameJson(welcome.routerRtpCapabilities, this.#expected)) {
      this.#expected = welcome.routerRtpCapabilities;
      this.#loading = this.#deps.engine.load(this.#expected);
    }
    return this.#loading;
  }
}
