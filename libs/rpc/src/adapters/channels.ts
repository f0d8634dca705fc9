import { Client, connectivityState, credentials } from '@grpc/grpc-js';
import { RpcError } from '../errors.ts';
import { clientChannel } from './channel-options.ts';

/** The most open connections. Beyond it, the least recently used ones without a call are closed. */
const MAX_CHANNELS = 256;

/** One call's use of a connection; dispose it when the call is over. */
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
  readonly #onLost: (address: string) => void;
  #closed = false;

  /** `onLost` is called when an established connection ends without being closed here. */
  constructor(max = MAX_CHANNELS, onLost: (address: string) => void = () => {}) {
    this.#max = max;
    this.#onLost = onLost;
  }

  get size(): number {
    return this.#channels.size;
  }

  use(address: string): ChannelUse {
    if (this.#closed) throw RpcError.channelsClosed();
    const channel = this.#channels.get(address) ?? open(address, this.#onLost);
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
    // grpc-js does not end running calls.
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

function open(address: string, onLost: (address: string) => void): Channel {
  const client = new Client(address, credentials.createInsecure(), clientChannel);
  watchForLoss(client, () => onLost(address));
  return { client, uses: new Set() };
}

/** grpc-js reports each change of state once, and the end of the channel as SHUTDOWN. */
function watchForLoss(client: Client, onLost: () => void): void {
  const channel = client.getChannel();
  const watch = (state: connectivityState): void =>
    channel.watchConnectivityState(state, Infinity, () => {
      const next = channel.getConnectivityState(false);
      if (next === connectivityState.SHUTDOWN) return;
      watch(next);
      if (state === connectivityState.READY) onLost();
    });
  watch(channel.getConnectivityState(false));
}
