import {
  PROTOCOL_VERSION,
  routerRtpCapabilities,
  type ClientEvent,
  type ClientRequestInput,
  type ClientResponse,
  type RtpCapabilities,
} from '@skein/protocol';
import { SkeinClientError } from '../client-error.ts';
import type { Environment } from '../environment.ts';
import { SignalingConnection } from './connection.ts';
import { EarlyEvents } from './early-events.ts';
import { sameJson } from './same-json.ts';
import { welcomeOf } from './welcome.ts';

/** What stays the same over all sockets of one room. */
export type Visitor = Omit<ClientRequestInput<'join'>, 'protocolVersion' | 'rtpCapabilities' | 'lastEpoch'>;

/** The session that a client goes on with. */
export type Resumption = Pick<
  ClientRequestInput<'resume'>,
  'identity' | 'sessionId' | 'epoch' | 'nodeId' | 'resumeToken' | 'version'
>;

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

/** The way into a gateway: a socket, its welcome, and the first request on it. Each failure closes the socket. */
export class Entry {
  readonly #environment: Environment;
  readonly #visitor: Visitor;
  #loading: Promise<RtpCapabilities>;
  #expected: RtpCapabilities = routerRtpCapabilities;

  constructor(environment: Environment, visitor: Visitor) {
    this.#environment = environment;
    this.#visitor = visitor;
    // The capabilities are a constant of the protocol's version, so that the engine need not wait for the socket.
    this.#loading = environment.engine.load(routerRtpCapabilities);
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
    return this.#enter(url, deadlines, signal, (connection, media) =>
      connection.request(
        'join',
        { ...this.#visitor, ...change, ...media },
        { signal, deadlineMs: deadlines.answerMs },
      ),
    );
  }

  /** Fails `SESSION_NOT_FOUND` or `STALE_EPOCH` when the session is over. */
  resume(
    url: string,
    resumption: Resumption,
    deadlines: EntryDeadlines,
    signal?: AbortSignal,
  ): Promise<Entered<ClientResponse<'resume'>>> {
    return this.#enter(url, deadlines, signal, (connection, media) =>
      connection.request(
        'resume',
        { ...this.#visitor, ...resumption, ...media },
        { signal, deadlineMs: deadlines.answerMs },
      ),
    );
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
    const { clock, openSocket } = this.#environment;
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
      this.#loading = this.#environment.engine.load(this.#expected);
    }
    return this.#loading;
  }
}
