import {
  PROTOCOL_VERSION,
  routerRtpCapabilities,
  SkeinError,
  type ClientEvent,
  type ClientEventName,
  type ClientMethod,
  type ClientRequestInput,
  type ClientResponse,
  type WireError,
} from '@skein/protocol';
import { openSignalSocket, type SignalSocket } from './adapters/signal-socket.ts';
import { eventually } from './eventually.ts';

export interface ReceivedEvent {
  readonly event: ClientEventName;
  readonly data: unknown;
  readonly version?: number;
}

export interface SocketClosed {
  readonly code: number;
  readonly reason: string;
}

interface Answer {
  readonly id: string | null;
  readonly data?: unknown;
  readonly error?: WireError;
}

/** Speaks the client protocol without media: for tests of signaling, with every message kept for inspection. */
export class SignalClient implements AsyncDisposable {
  /** Events in the order in which they came. */
  readonly events: ReceivedEvent[] = [];
  /** Answers that carry no id: to messages that could not be read. */
  readonly unaddressed: WireError[] = [];
  closed: SocketClosed | undefined;

  #socket!: SignalSocket;
  #lastId = 0;
  readonly #waiting = new Map<string, (answer: Answer) => void>();

  private constructor() {}

  /** Connects to `ws://…/v1/signal` and waits for the welcome. */
  static async open(url: string): Promise<SignalClient> {
    const client = new SignalClient();
    client.#socket = await openSignalSocket(url, {
      onMessage: (text) => client.#receive(text),
      onClose: (code, reason) => (client.closed = { code, reason }),
    });
    await client.event('welcome');
    return client;
  }

  /** Sends a request and gives its answer's data; throws the `SkeinError` that was answered. */
  async request<Method extends ClientMethod>(
    method: Method,
    data: ClientRequestInput<Method>,
  ): Promise<ClientResponse<Method>> {
    return (await this.requestRaw(method, data)) as ClientResponse<Method>;
  }

  /** Like `request`, for data and methods that the protocol does not have. */
  async requestRaw(method: string, data: unknown): Promise<unknown> {
    const id = String(++this.#lastId);
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.sendRaw(JSON.stringify({ id, method, data }));
    const { error, data: answer } = await answered;
    if (error) throw SkeinError.fromWire(error);
    return answer;
  }

  /** Joins with what any browser can receive. */
  join(
    room: string,
    name: string,
    more: Partial<ClientRequestInput<'join'>> = {},
  ): Promise<ClientResponse<'join'>> {
    return this.request('join', {
      protocolVersion: PROTOCOL_VERSION,
      room,
      name,
      identity: name,
      rtpCapabilities: routerRtpCapabilities,
      ...more,
    });
  }

  sendRaw(message: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(message);
  }

  /** The first event of this name that has come or comes within 10 s and passes `where`. */
  async event<Name extends ClientEventName>(
    name: Name,
    where: (data: ClientEvent<Name>) => boolean = () => true,
  ): Promise<ClientEvent<Name>> {
    const found = await eventually(`event ${name}`, () =>
      this.events.find(({ event, data }) => event === name && where(data as ClientEvent<Name>)),
    );
    return found.data as ClientEvent<Name>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await eventually('the socket to close', () => this.closed);
  }

  #receive(text: string): void {
    const message = JSON.parse(text) as Answer | ReceivedEvent;
    if ('event' in message) {
      this.events.push(message);
      return;
    }
    const waiting = message.id === null ? undefined : this.#waiting.get(message.id);
    if (waiting) waiting(message);
    else if (message.error) this.unaddressed.push(message.error);
  }
}
