import { Client, credentials } from '@grpc/grpc-js';
import { SkeinError } from '@skein/protocol';
import { clientChannel } from './channel-options.ts';

/** Connections kept at once. Beyond, those least recently used are closed, but never one that carries a call. */
const MAX_CHANNELS = 256;

/** One call's hold on a connection; disposing says that the call is over. */
export interface ChannelUse extends Disposable {
  readonly client: Client;
  /** Set by the call: ends it when the connection is closed under it. */
  onClosed: () => void;
}

interface Channel {
  readonly client: Client;
  readonly uses: Set<ChannelUse>;
}

/** One connection per address, opened on first use; in the map the least recently used stands first. */
export class Channels {
  readonly #channels = new Map<string, Channel>();
  readonly #max: number;
  #closed = false;

  constructor(max = MAX_CHANNELS) {
    this.#max = max;
  }

  get size(): number {
    return this.#channels.size;
  }

  use(address: string): ChannelUse {
    if (this.#closed) throw SkeinError.unavailable('a peer whose connections were closed');
    const channel = this.#channels.get(address) ?? open(address);
    this.#channels.delete(address);
    this.#channels.set(address, channel);
    const use: ChannelUse = {
      client: channel.client,
      onClosed: () => {},
      [Symbol.dispose]: () => channel.uses.delete(use),
    };
    channel.uses.add(use);
    this.#evict();
    return use;
  }

  close(address: string): void {
    const channel = this.#channels.get(address);
    if (!channel) return;
    this.#channels.delete(address);
    channel.client.close();
    // grpc-js lets running calls go on.
    for (const use of [...channel.uses]) use.onClosed();
  }

  closeAll(): void {
    this.#closed = true;
    for (const address of [...this.#channels.keys()]) this.close(address);
  }

  #evict(): void {
    for (const [address, channel] of this.#channels) {
      if (this.#channels.size <= this.#max) return;
      if (channel.uses.size === 0) this.close(address);
    }
  }
}

function open(address: string): Channel {
  return { client: new Client(address, credentials.createInsecure(), clientChannel), uses: new Set() };
}
