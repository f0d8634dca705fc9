import type { WireError } from '@skein/protocol';
import type { Broadcaster, Socket } from '../edges/websocket/socket.ts';

export interface Heard {
  readonly id?: string | null;
  readonly data?: unknown;
  readonly error?: WireError;
  readonly event?: string;
  readonly version?: number;
}

/** A socket that records what it is given. The test or its owner closes it. */
export class FakeSocket implements Socket {
  readonly heard: Heard[] = [];
  readonly topics = new Set<string>();
  pings = 0;
  closed: { readonly code: number; readonly reason: string } | undefined;
  terminated = false;
  /** Called when the owner closes it, as a transport would. */
  onClosed: (code: number) => void = () => {};
  readonly #network: FakeNetwork;

  constructor(network: FakeNetwork) {
    this.#network = network;
  }

  send(text: string): void {
    if (!this.closed) this.heard.push(JSON.parse(text) as Heard);
  }

  subscribe(topic: string): void {
    this.topics.add(topic);
    this.#network.sockets.add(this);
  }

  unsubscribe(topic: string): void {
    this.topics.delete(topic);
  }

  ping(): void {
    this.pings++;
  }

  close(code: number, reason: string): void {
    if (this.closed) return;
    this.closed = { code, reason };
    this.topics.clear();
    this.onClosed(code);
  }

  terminate(): void {
    this.terminated = true;
    this.close(1006, '');
  }

  answer(id: string): Heard | undefined {
    return this.heard.find((message) => message.id === id);
  }

  events(name: string): Heard[] {
    return this.heard.filter(({ event }) => event === name);
  }
}

/** Brings what is published to the fake sockets; counts it. */
export class FakeNetwork implements Broadcaster {
  readonly sockets = new Set<FakeSocket>();
  published = 0;

  publish(topic: string, text: string): void {
    this.published++;
    for (const socket of this.sockets) if (socket.topics.has(topic)) socket.send(text);
  }
}
