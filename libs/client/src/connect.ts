import {
  PROTOCOL_VERSION,
  routerRtpCapabilities,
  type ClientEvent,
  type ClientRequestInput,
  type RtpCapabilities,
} from '@skein/protocol';
import { browserEnvironment } from './adapters/browser-environment.ts';
import { SkeinClientError } from './client-error.ts';
import type { Environment } from './environment.ts';
import type { MediaEngine } from './media/engine.ts';
import { Room } from './room.ts';
import { SignalingConnection } from './signaling/connection.ts';
import { EarlyEvents } from './signaling/early-events.ts';
import { sameJson } from './signaling/same-json.ts';
import { signalingUrl } from './signaling/signaling-url.ts';
import { welcomeOf } from './signaling/welcome.ts';

export interface ConnectOptions {
  /** A gateway: `https://meet.example.org`, or its whole signaling address (`wss://…/v1/signal`). */
  readonly url: string;
  /** 1-128 characters, none of them a control character. */
  readonly room: string;
  /** Shown to the others; 1-128 characters. */
  readonly name: string;
  /** Unique in the room: joining again with the same one takes over. Default: made by the gateway. */
  readonly identity?: string | undefined;
  /** Free text for the application, at most 4096 characters; everyone in the room sees it. */
  readonly metadata?: string | undefined;
  /** Receive every track of the room. Default true; else call `track.subscribe()`. */
  readonly autoSubscribe?: boolean;
  /** For tests and demos: be carried by this media node. */
  readonly nodeId?: string | undefined;
  /** Prefer media nodes of this region. Default: the gateway's. */
  readonly region?: string | undefined;
  /** Gives up joining. Once joined, use `room.leave()`. */
  readonly signal?: AbortSignal | undefined;
  /** How often the gateway has to prove that it is alive, milliseconds. Default 5000. */
  readonly pingIntervalMs?: number;
}

const DEFAULT_PING_INTERVAL_MS = 5000;

/**
 * Joins a room. Resolves when this client is in it and media is on its way: tracks of others follow as
 * `trackSubscribed` within moments.
 *
 * Fails with the gateway's code (`ROOM_FULL`, `NODE_NOT_FOUND`, `INVALID_ARGUMENT`, ...; see `docs/errors.md`),
 * `GATEWAY_UNREACHABLE`, `CONNECTION_LOST`, `DEADLINE_EXCEEDED`, `BROWSER_UNSUPPORTED`, or `ABORTED`. When
 * `retryAfterMs` is set, trying again may help.
 */
export async function connect(
  options: ConnectOptions,
  environment: Environment = browserEnvironment(),
): Promise<Room> {
  const { signal, autoSubscribe = true, pingIntervalMs = DEFAULT_PING_INTERVAL_MS } = options;
  if (signal?.aborted) throw SkeinClientError.aborted(signal);
  // The capabilities are a constant of the protocol's version, so that the engine need not wait for the socket.
  const loading = environment.engine.load(routerRtpCapabilities);
  loading.catch(() => undefined);
  const connection = new SignalingConnection(
    signalingUrl(options.url),
    environment.openSocket,
    environment.clock,
  );
  using early = new EarlyEvents(connection.events);
  try {
    const welcome = await welcomeOf(connection, environment.clock, signal);
    const rtpCapabilities = await receiveCapabilities(environment.engine, loading, welcome);
    const answer = await connection.request('join', joinRequest(options, rtpCapabilities), { signal });
    const { name, metadata } = options;
    return new Room({
      answer,
      connection,
      environment,
      early,
      name,
      metadata,
      autoSubscribe,
      pingIntervalMs,
    });
  } catch (thrown) {
    connection.close();
    throw SkeinClientError.from(thrown);
  }
}

async function receiveCapabilities(
  engine: MediaEngine,
  loading: Promise<RtpCapabilities>,
  welcome: ClientEvent<'welcome'>,
): Promise<RtpCapabilities> {
  if (welcome.protocolVersion !== PROTOCOL_VERSION) {
    const message = `this page speaks protocol ${PROTOCOL_VERSION}, the gateway ${welcome.protocolVersion}; reload the page`;
    throw new SkeinClientError('UNSUPPORTED_PROTOCOL', message);
  }
  const loaded = await loading;
  const asExpected = sameJson(welcome.routerRtpCapabilities, routerRtpCapabilities);
  return asExpected ? loaded : await engine.load(welcome.routerRtpCapabilities);
}

function joinRequest(options: ConnectOptions, rtpCapabilities: RtpCapabilities): ClientRequestInput<'join'> {
  const { room, identity, name, metadata, autoSubscribe, nodeId, region } = options;
  return {
    protocolVersion: PROTOCOL_VERSION,
    room,
    identity,
    name,
    metadata,
    rtpCapabilities,
    autoSubscribe,
    nodeId,
    region,
  };
}
