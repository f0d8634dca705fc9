import {
  PROTOCOL_VERSION,
  routerRtpCapabilities,
  SkeinError,
  type ClientMethod,
  type ClientRequestInput,
  type ClientResponse,
  type Role,
  type WireError,
} from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { openThinSocket, type ThinSocket } from './adapters/thin-socket.ts';

const SIGNAL_PATH = '/v1/signal';
const ANSWER_DEADLINE_MS = 20_000;

interface Message {
  readonly id?: string | null;
  readonly data?: unknown;
  readonly error?: WireError;
  readonly event?: string;
}

interface Waiting {
  readonly resolve: (message: Message) => void;
  readonly reject: (error: Error) => void;
}

/** Speaks the client protocol without media, and keeps nothing but counts: for many clients in one process. */
export class SignalingClient {
  /** Events that came, by name; of room changes by their type. */
  readonly heard = new Map<string, number>();
  /** When the socket was open, on the monotonic clock. */
  openedMs = 0;
  /** The socket is closed, by either side. */
  closed = false;
  #socket!: ThinSocket;
  #lastId = 0;
  #onWelcome!: () => void;
  #onNoWelcome!: (error: Error) => void;
  readonly #welcomed = new Promise<void>((resolve, reject) => {
    this.#onWelcome = resolve;
    this.#onNoWelcome = reject;
  });
  readonly #waiting = new Map<string, Waiting>();

  private constructor() {
    // Not everybody waits for the welcome.
    this.#welcomed.catch(() => {});
  }

  static async open(port: number, localAddress?: string): Promise<SignalingClient> {
    const client = new SignalingClient();
    client.#socket = await openThinSocket({
      ...{ port, localAddress, path: SIGNAL_PATH },
      onText: (text) => client.#receive(text),
      onClosed: () => client.#handleClosed(),
    });
    client.openedMs = systemClock.monotonicMs();
    return client;
  }

  /** Joins with what any browser can receive, as soon as the gateway has said what it can send. */
  async join(room: string, identity: string, role: Role = 'participant'): Promise<ClientResponse<'join'>> {
    await this.#welcomed;
    const rtpCapabilities = routerRtpCapabilities;
    const who = { room, identity, name: identity, role };
    return await this.request('join', { protocolVersion: PROTOCOL_VERSION, ...who, rtpCapabilities });
  }

  /** Fails with what the gateway answered, or when no answer came within 20 s. */
  async request<Method extends ClientMethod>(
    method: Method,
    data: ClientRequestInput<Method>,
  ): Promise<ClientResponse<Method>> {
    const id = String(++this.#lastId);
    let deadline: Disposable | undefined;
    try {
      const answer = await new Promise<Message>((resolve, reject) => {
        const late = (): void => reject(SkeinError.deadline('the gateway', ANSWER_DEADLINE_MS));
        deadline = systemClock.after(ANSWER_DEADLINE_MS, late);
        this.#waiting.set(id, { resolve, reject });
        this.#socket.send(JSON.stringify({ id, method, data }));
      });
      if (answer.error) throw SkeinError.fromWire(answer.error);
      return answer.data as ClientResponse<Method>;
    } finally {
      deadline?.[Symbol.dispose]();
      this.#waiting.delete(id);
    }
  }

  close(): void {
    this.#socket.close();
  }

  #receive(text: string): void {
    const message = JSON.parse(text) as Message;
    if (message.event !== undefined) this.#hear(message.event, message.data);
    else if (typeof message.id === 'string') this.#waiting.get(message.id)?.resolve(message);
  }

  #hear(event: string, data: unknown): void {
    if (event === 'welcome') this.#onWelcome();
    const name = event === 'roomChanged' ? (data as { type: string }).type : event;
    this.heard.set(name, (this.heard.get(name) ?? 0) + 1);
  }

  #handleClosed(): void {
    this.closed = true;
    const closed = new Error('the gateway closed the socket');
    this.#onNoWelcome(closed);
    for (const { reject } of this.#waiting.values()) reject(closed);
  }
}
