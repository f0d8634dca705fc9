import {
  limits,
  PROTOCOL_VERSION,
  routerRtpCapabilities,
  SkeinError,
  type ClientEvent,
  type ClientMethod,
  type ClientRequestInput,
  type ClientResponse,
  type ReadySubscription,
  type WireError,
} from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { openThinSocket, type ThinSocket } from '../adapters/thin-socket.ts';

const ANSWER_DEADLINE_MS = 30_000;
/** What an app may well put there, and the most that it may. */
const METADATA = 'm'.repeat(limits.metadataLength);

const PUBLISHED = '{"event":"roomChanged","data":{"type":"trackPublished"';
/** Tracks that moved together are asked for together. */
const RENEW_AFTER_MS = 50;

type Published = Extract<ClientEvent<'roomChanged'>, { type: 'trackPublished' }>;
type Move = ClientEvent<'sessionMoved'>;

interface Answer {
  readonly id?: string | null;
  readonly data?: unknown;
  readonly error?: WireError;
}

/** What the messages of all people came to. */
export interface Traffic {
  largestBytes: number;
  messages: number;
  bytes: number;
}

export interface PersonOptions {
  readonly port: number;
  readonly room: string;
  /** From 0. */
  readonly number: number;
  readonly autoSubscribe: boolean;
  readonly traffic: Traffic;
}

/** One who publishes a microphone and a camera, by their parameters only: no packet is ever sent, and ICE never done. */
export class Person {
  readonly number: number;
  answerMs = Number.NaN;
  answerBytes = 0;
  moves = 0;
  /** The session is over, or the socket went, although nobody asked for it. */
  lost: string | undefined;
  readonly #options: PersonOptions;
  /** Of those that it receives, by track. */
  readonly #subscriptions = new Map<string, string>();
  /** Published from another session since, and not asked for again yet. */
  readonly #renewed = new Set<string>();
  #renewing: Disposable | undefined;
  #socket!: ThinSocket;
  #lastId = 0;
  readonly #waiting = new Map<string, (answer: Answer, bytes: number) => void>();
  #welcomed: () => void = () => {};
  #leaving = false;
  #moving: Promise<void> = Promise.resolve();

  constructor(options: PersonOptions) {
    this.#options = options;
    this.number = options.number;
  }

  /** Connects, joins and publishes. Resolves with the first page of the room. */
  async enter(): Promise<ClientResponse<'join'>> {
    const { port, room, number, autoSubscribe } = this.#options;
    const welcome = new Promise<void>((resolve) => (this.#welcomed = resolve));
    this.#socket = await openThinSocket({
      ...{ port, path: '/v1/signal' },
      onText: (text) => this.#receive(text),
      onClosed: () => this.#handleClosed(),
    });
    const openedMs = systemClock.monotonicMs();
    await welcome;
    const who = { room, identity: `person-${number}`, name: `Person ${number}`, metadata: METADATA };
    const media = { rtpCapabilities: routerRtpCapabilities, autoSubscribe };
    const answer = await this.request('join', { protocolVersion: PROTOCOL_VERSION, ...who, ...media });
    this.answerMs = systemClock.monotonicMs() - openedMs;
    this.#keep(answer.subscriptions);
    await this.#publish(answer.epoch);
    return answer;
  }

  /** Asks for all pages of the room; how many participants it shows, and how long it took. */
  async readRoom({ room }: ClientResponse<'join'>): Promise<{ participants: number; readMs: number }> {
    const fromMs = systemClock.monotonicMs();
    let participants = room.participants.length;
    for (let page = 1; page < (room.pages ?? 1); page++)
      participants += (await this.request('roomPage', { version: room.version, page })).participants.length;
    return { participants, readMs: systemClock.monotonicMs() - fromMs };
  }

  /** Asks for tracks as the SDK does; how many are received then. */
  async subscribe(trackIds: readonly string[]): Promise<number> {
    let open = [...trackIds];
    let received = 0;
    while (open.length > 0) {
      const tracks = open.slice(0, 64).map((trackId) => ({ trackId }));
      const { results } = await this.request('subscribeMany', { tracks });
      const ready = results.flatMap((one) => ('subscription' in one ? [one.subscription] : []));
      this.#keep(ready);
      received += ready.length;
      const answered = new Set(results.map(({ trackId }) => trackId));
      open = open.filter((trackId) => !answered.has(trackId));
    }
    return received;
  }

  /** Fails with what the gateway answered, or when no answer came in time. */
  async request<Method extends ClientMethod>(
    method: Method,
    data: ClientRequestInput<Method>,
  ): Promise<ClientResponse<Method>> {
    const id = String(++this.#lastId);
    let deadline: Disposable | undefined;
    try {
      const answer = await new Promise<Answer>((resolve, reject) => {
        const late = (): void => reject(SkeinError.deadline(`${method}: the gateway`, ANSWER_DEADLINE_MS));
        deadline = systemClock.after(ANSWER_DEADLINE_MS, late);
        this.#waiting.set(id, (given, bytes) => {
          if (method === 'join') this.answerBytes = bytes;
          resolve(given);
        });
        this.#socket.send(JSON.stringify({ id, method, data }));
      });
      if (answer.error) throw SkeinError.fromWire(answer.error);
      return answer.data as ClientResponse<Method>;
    } finally {
      deadline?.[Symbol.dispose]();
      this.#waiting.delete(id);
    }
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    this.#renewing?.[Symbol.dispose]();
    await this.#moving;
    await this.request('leave', {}).catch(() => {});
    this.#socket.close();
  }

  close(): void {
    this.#leaving = true;
    this.#socket.close();
  }

  async #publish(epoch: number): Promise<void> {
    const n = this.number;
    const audio = {
      mid: 'a',
      codecs: [{ mimeType: 'audio/opus', payloadType: 100, clockRate: 48_000, channels: 2 }],
      encodings: [{ ssrc: 1000 + n }],
    };
    const video = {
      mid: 'v',
      codecs: [{ mimeType: 'video/VP8', payloadType: 101, clockRate: 90_000 }],
      encodings: [{ ssrc: 1_000_000 + n }],
    };
    const mic = { kind: 'audio', source: 'microphone', rtpParameters: audio } as const;
    const camera = { kind: 'video', source: 'camera', rtpParameters: video } as const;
    await Promise.all([
      this.request('publish', { epoch, trackId: `mic-${n}`, ...mic }),
      this.request('publish', { epoch, trackId: `cam-${n}`, ...camera }),
    ]);
  }

  /** Of events only the few that matter are read: a crowd has gigabytes of them. */
  #receive(text: string): void {
    const { traffic } = this.#options;
    const bytes = Buffer.byteLength(text);
    traffic.messages++;
    traffic.bytes += bytes;
    traffic.largestBytes = Math.max(traffic.largestBytes, bytes);
    if (text.startsWith('{"id"')) {
      const answer = JSON.parse(text) as Answer;
      if (typeof answer.id === 'string') this.#waiting.get(answer.id)?.(answer, bytes);
    } else if (text.startsWith(PUBLISHED)) this.#handlePublished(text);
    else if (text.startsWith('{"event":"welcome"')) this.#welcomed();
    else if (text.startsWith('{"event":"sessionMoved"'))
      this.#follow((JSON.parse(text) as { readonly data: Move }).data);
    else if (text.startsWith('{"event":"sessionClosed"')) this.lost ??= text;
    else if (text.startsWith('{"event":"error"')) this.lost ??= text;
  }

  #keep(ready: readonly ReadySubscription[]): void {
    for (const { trackId, subscriptionId } of ready) this.#subscriptions.set(trackId, subscriptionId);
  }

  /** A track that is received comes from another session: its old one ends when nobody receives it any more. */
  #handlePublished(text: string): void {
    if (this.#subscriptions.size === 0) return;
    const { data } = JSON.parse(text) as { readonly data: Published };
    if (!this.#subscriptions.has(data.track.trackId)) return;
    this.#renewed.add(data.track.trackId);
    this.#renewing ??= systemClock.after(RENEW_AFTER_MS, () => {
      this.#renewing = undefined;
      this.#renew().catch((error: unknown) => {
        if (!this.#leaving && SkeinError.from(error).code !== 'UNAVAILABLE') this.lost ??= String(error);
      });
    });
  }

  async #renew(): Promise<void> {
    const trackIds = [...this.#renewed];
    this.#renewed.clear();
    const old = new Map(trackIds.map((trackId) => [trackId, this.#subscriptions.get(trackId)]));
    await this.subscribe(trackIds);
    const gone = [...old].filter(
      ([trackId, id]) => id !== undefined && id !== this.#subscriptions.get(trackId),
    );
    await Promise.all(
      gone.map(([, subscriptionId = '']) => this.request('unsubscribe', { subscriptionId }).catch(() => {})),
    );
  }

  #follow({ epoch, mode, subscriptions }: Move): void {
    this.moves++;
    if (this.#subscriptions.size > 0) {
      this.#subscriptions.clear();
      this.#keep(subscriptions);
    }
    const follow = async (): Promise<void> => {
      await this.#publish(epoch);
      if (mode === 'switch') await this.request('finishMove', { epoch });
    };
    this.#moving = follow().catch((error: unknown) => {
      // Another move has come meanwhile.
      if (SkeinError.from(error).code !== 'STALE_EPOCH') this.lost ??= String(error);
    });
  }

  #handleClosed(): void {
    if (!this.#leaving) this.lost ??= 'the socket closed';
  }
}
