import type { ClientResponse, Role } from '@skein/protocol';
import { browserEnvironment } from './adapters/browser-environment.ts';
import { SkeinClientError } from './errors/client-error.ts';
import type { Environment } from './room/environment.ts';
import { Room } from './room/room.ts';
import { entryDelayMs, isElsewhereBetter, isFatal } from './session/handshake-delay.ts';
import { Entry, type Entered, type EntryDeadlines } from './signaling/handshake.ts';
import { signalingUrl } from './signaling/signaling-url.ts';

export interface ConnectOptions {
  /**
   * A gateway: `https://meet.example.org`, or its whole signaling address (`wss://…/v1/signal`). Of several, each is tried in
   * turn, now and whenever the connection is lost; then also those that the gateway told of.
   */
  readonly url: string | readonly string[];
  /** 1-128 characters, none of them a control character. */
  readonly room: string;
  /** Shown to the others; 1-128 characters. */
  readonly name: string;
  /** Unique in the room: joining again with the same one takes over. Default: made by the gateway. */
  readonly identity?: string | undefined;
  /** Free text for the application, at most 4096 characters; everyone in the room sees it. */
  readonly metadata?: string | undefined;
  /**
   * `viewer`: receives all and publishes nothing, and is told to nobody but as one more of `room.viewers`. For audiences.
   * Default `participant`.
   */
  readonly role?: Role | undefined;
  /** Receive every track of the room. Default true; else call `track.subscribe()`. */
  readonly autoSubscribe?: boolean;
  /** For tests and demos: be carried by this media node at first. */
  readonly nodeId?: string | undefined;
  /** Prefer media nodes of this region. Default: the gateway's. */
  readonly region?: string | undefined;
  /** Gives up joining. Once joined, use `room.leave()`. */
  readonly signal?: AbortSignal | undefined;
  /** How often the gateway has to prove that it is alive, milliseconds; it has as long to answer, four round trips at least. Default 2000. */
  readonly pingIntervalMs?: number;
  /** How long joining is tried again while no gateway is reached or one asks to wait, milliseconds. Default 0: not at all. */
  readonly joinRetryMs?: number;
  /** How long a lost connection is made again before the room closes, milliseconds. Default 300 000. */
  readonly reconnectDeadlineMs?: number;
}

const DEFAULT_PING_INTERVAL_MS = 2000;
const DEFAULT_RECONNECT_DEADLINE_MS = 300_000;
const DEADLINES: EntryDeadlines = { welcomeMs: 10_000, answerMs: 10_000 };

/**
 * Joins a room. Resolves when this client is in it and media is on its way: tracks of others follow as
 * `trackSubscribed` within moments.
 *
 * Fails with the gateway's code (`ROOM_FULL`, `NODE_NOT_FOUND`, `INVALID_ARGUMENT`, ...; see `docs/errors.md`),
 * `GATEWAY_UNREACHABLE`, `CONNECTION_LOST`, `DEADLINE_EXCEEDED`, `BROWSER_UNSUPPORTED`, `MEDIA_FAILED` (the browser refused
 * a peer connection or an ICE server; the room was left), or `ABORTED`. When `retryAfterMs` is set, trying again may help.
 */
export async function connect(
  options: ConnectOptions,
  environment: Environment = browserEnvironment(),
): Promise<Room> {
  const { room, identity, name, metadata, role = 'participant', signal } = options;
  const { autoSubscribe = true, nodeId, region } = options;
  if (signal?.aborted) throw SkeinClientError.aborted(signal);
  const urls = urlsOf(options.url);
  const stayId = environment.newId('sty');
  const visitor = { room, identity, name, metadata, role, autoSubscribe, nodeId, region, stayId };
  const entry = new Entry(environment, visitor);
  const join = (url: string): Promise<Entered<ClientResponse<'join'>>> =>
    entry.join(url, { identity, nodeId }, DEADLINES, signal);
  const { entered, url } = await joinAny(urls, join, options, environment);
  const joined = new Room({
    environment,
    entry,
    entered,
    urls,
    url,
    name,
    metadata,
    role,
    autoSubscribe,
    pingIntervalMs: options.pingIntervalMs ?? DEFAULT_PING_INTERVAL_MS,
    reconnectDeadlineMs: options.reconnectDeadlineMs ?? DEFAULT_RECONNECT_DEADLINE_MS,
  });
  const { connection } = joined;
  if (connection.state === 'closed' && connection.error) throw connection.error;
  return joined;
}

function urlsOf(url: ConnectOptions['url']): string[] {
  const urls = (typeof url === 'string' ? [url] : url).map(signalingUrl);
  // Refused with the words for an address that is not one.
  return urls.length > 0 ? urls : [signalingUrl('')];
}

/** Tries each address once, and then again and again for `joinRetryMs`. */
async function joinAny(
  urls: readonly string[],
  join: (url: string) => Promise<Entered<ClientResponse<'join'>>>,
  { joinRetryMs = 0, signal }: ConnectOptions,
  { clock, random }: Environment,
): Promise<{ entered: Entered<ClientResponse<'join'>>; url: string }> {
  const endMs = clock.monotonicMs() + joinRetryMs;
  for (let failures = 0; ;) {
    const url = urls[failures % urls.length] ?? '';
    try {
      return { entered: await join(url), url };
    } catch (thrown) {
      const error = SkeinClientError.from(thrown);
      failures++;
      // The next address is tried at once, unless this one has answered for all of them.
      if (failures < urls.length && isElsewhereBetter(error.code)) continue;
      const delayMs = entryDelayMs(failures, urls.length, error.retryAfterMs, random);
      const again = error.retryAfterMs !== undefined && clock.monotonicMs() + delayMs <= endMs;
      if (isFatal(error.code) || !again) throw error;
      await clock.sleep(delayMs, signal).catch(() => undefined);
      if (signal?.aborted) throw SkeinClientError.aborted(signal);
    }
  }
}
