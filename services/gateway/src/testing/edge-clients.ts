import { type ClientMethod, type ClientRequest, type ClientResponse, SkeinError } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import type { EdgeDeps } from '../edges/edge.ts';
import { methodNamed } from '../edges/websocket/methods.ts';
import type { ClientNotification, ClientPort } from '../participants/client-port.ts';
import type { Entering, GatewayParticipant } from '../participants/entrance.ts';
import type { RoomChannel } from '../rooms/room-channel.ts';
import type { EdgeClient, Received } from './edge-contract.ts';
import type { EdgeWorld } from './edge-world.ts';
import type { Heard } from './fake-socket.ts';
import { RawClient } from './raw-client.ts';

/** A client by a real WebSocket. */
export async function connectWebSocket({ gateway }: EdgeWorld): Promise<EdgeClient> {
  return new WebSocketClient(await RawClient.open(gateway.httpPort, '/v1/signal'));
}

class WebSocketClient implements EdgeClient {
  readonly #raw: RawClient;
  #ids = 0;

  constructor(raw: RawClient) {
    this.#raw = raw;
  }

  get received(): readonly Received[] {
    return this.#heard().map(({ event = 'answer', data, version }) => ({ type: event, data, version }));
  }

  get isConnected(): boolean {
    return !this.#raw.ended;
  }

  async request<Method extends ClientMethod>(
    method: Method,
    data: ClientRequest<Method>,
  ): Promise<ClientResponse<Method>> {
    const id = `r${++this.#ids}`;
    this.#raw.send(JSON.stringify({ id, method, data }));
    const answer = await eventually(`the answer to ${method}`, () =>
      this.#heard().find((one) => one.id === id),
    );
    if (answer.error) throw SkeinError.fromWire(answer.error);
    return answer.data as ClientResponse<Method>;
  }

  stopReading(): void {
    this.#raw.stopReading();
  }

  readAgain(): void {
    this.#raw.readAgain();
  }

  [Symbol.dispose](): void {
    this.#raw[Symbol.dispose]();
  }

  #heard(): Heard[] {
    return this.#raw.texts().map((text) => JSON.parse(text) as Heard);
  }
}

/** Bound of an in-process client's queue. */
const QUEUE_MAX = 16;

/** A client without a wire: the smallest edge. It calls the gateway's core, and queues what it does not read. */
export function connectInProcess({ gateway }: EdgeWorld): EdgeClient {
  return new InProcessClient(gateway.edgeDeps);
}

class InProcessClient implements ClientPort, EdgeClient {
  readonly received: Received[] = [];
  isConnected = true;
  readonly #deps: EdgeDeps;
  readonly #abort = new AbortController();
  readonly #channels = new Map<RoomChannel, Disposable>();
  #queue: ClientNotification[] = [];
  #isReading = true;
  #participant: GatewayParticipant | undefined;

  constructor(deps: EdgeDeps) {
    this.#deps = deps;
    deps.clients.add(this);
  }

  // ClientPort

  notify(event: ClientNotification): void {
    if (!this.isConnected) return;
    if (this.#isReading) this.received.push(event);
    else if (this.#queue.push(event) > QUEUE_MAX) this.#end('lost');
  }

  follow(channel: RoomChannel): void {
    this.#channels.set(
      channel,
      channel.listen((event) => this.notify(event)),
    );
  }

  unfollow(channel: RoomChannel): void {
    this.#channels.get(channel)?.[Symbol.dispose]();
    this.#channels.delete(channel);
  }

  disconnect(): void {
    this.#end('lost');
  }

  // EdgeClient

  async request<Method extends ClientMethod>(
    name: Method,
    data: ClientRequest<Method>,
  ): Promise<ClientResponse<Method>> {
    const method = methodNamed(name);
    switch (method.kind) {
      case 'enter': {
        const from: Entering = { port: this, credentials: {}, signal: this.#abort.signal };
        const { response, participant } = await method.enter(data)(this.#deps.entrance, from);
        this.#participant = participant;
        this.received.push({ type: 'answer', data: response });
        participant.start();
        return response as ClientResponse<Method>;
      }
      case 'call': {
        const participant = this.#participant!;
        if (!method.alsoWhenOver) participant.check();
        return (await method.call(participant, data)) as ClientResponse<Method>;
      }
      case 'leave':
        await this.#participant?.leave('left');
        this.#end('left');
        return {} as ClientResponse<Method>;
    }
  }

  stopReading(): void {
    this.#isReading = false;
  }

  readAgain(): void {
    this.#isReading = true;
    this.received.push(...this.#queue);
    this.#queue = [];
  }

  [Symbol.dispose](): void {
    this.#end('lost');
  }

  #end(departure: 'left' | 'lost'): void {
    if (!this.isConnected) return;
    this.isConnected = false;
    this.#abort.abort(new Error('the client disconnected'));
    void this.#participant?.leave(departure);
    this.#deps.clients.remove(this);
  }
}
