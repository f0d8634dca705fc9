import {
  kindOfSource,
  limits,
  type ClientEvent,
  type ClientMethod,
  type ClientRequestInput,
  type ClientResponse,
  type Layers,
  type ReadySubscription,
  type TransportDirection,
} from '@skein/protocol';
import { PeerError } from '../peer.ts';
import type { MediaLink } from './media-link.ts';
import { Receiving, type Incoming } from './receiving.ts';
import { sentParameters } from './rtp-parameters.ts';
import { Sending, type SentTrack } from './sending.ts';
import type { PeerWorld } from './world.ts';

/** What the server gives for a session: in the answer to `join`, or with `sessionMoved`. */
export type SessionGrant = Pick<
  ClientEvent<'sessionMoved'>,
  'sessionId' | 'epoch' | 'nodeId' | 'sendTransport' | 'recvTransport' | 'subscriptions'
>;

export type Ask = <Method extends ClientMethod>(
  method: Method,
  data: ClientRequestInput<Method>,
) => Promise<ClientResponse<Method>>;

export interface MediaSessionHandlers {
  connected(direction: TransportDirection): void;
  firstPacket(): void;
  firstKeyFrame(): void;
  broken(why: string): void;
}

const CONNECT_DEADLINE_MS = 15_000;

type Direction =
  { readonly kind: 'none' } | { readonly kind: 'open'; readonly link: MediaLink; readonly up: Promise<void> };

/** A peer's media on one node: both transports, what it sends and what it receives. */
export class MediaSession {
  readonly grant: SessionGrant;
  readonly receiving: Receiving;
  readonly #world: PeerWorld;
  readonly #ask: Ask;
  readonly #handlers: MediaSessionHandlers;
  readonly #sending: Sending;
  readonly #links: Record<TransportDirection, Direction> = { send: { kind: 'none' }, recv: { kind: 'none' } };
  #resuming: string[] = [];
  #layers: Layers | undefined;
  #closed = false;

  constructor(world: PeerWorld, grant: SessionGrant, ask: Ask, handlers: MediaSessionHandlers) {
    this.#world = world;
    this.grant = grant;
    this.#ask = ask;
    this.#handlers = handlers;
    this.receiving = new Receiving(world, (packet) => this.#sendOn('recv', packet), handlers);
    this.#sending = new Sending(world, (packet) => this.#sendOn('send', packet));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Brings up the way for what is received. Resolves when packets can flow. */
  connectRecv(): Promise<void> {
    return this.#connect('recv');
  }

  /** Receives these from when the transport is up. */
  async receive(subscriptions: readonly ReadySubscription[], layers: Layers | undefined): Promise<void> {
    if (this.#closed || subscriptions.length === 0) return;
    this.#layers = layers;
    for (const subscription of subscriptions) this.receiving.add(subscription);
    const mine = subscriptions.map(({ subscriptionId }) => subscriptionId);
    this.#resuming.push(...mine);
    await this.#connect('recv');
    await this.#resume();
  }

  /** Asks for these layers of all video that has layers. */
  async preferLayers(layers: Layers): Promise<void> {
    this.#layers = layers;
    const updates = [...this.receiving.all]
      .filter(({ subscription }) => subscription.type !== 'simple')
      .map(({ subscription: { subscriptionId } }) => ({ subscriptionId, preferredLayers: layers }));
    await this.#update(updates);
  }

  /** Publishes and begins to send. */
  async publish(track: SentTrack): Promise<void> {
    const { plan, trackId, ssrcs } = track;
    const kind = kindOfSource[plan.source];
    const up = this.#connect('send');
    up.catch(() => undefined);
    const rtpParameters = sentParameters(kind, ssrcs, trackId);
    const { epoch } = this.grant;
    await this.#ask('publish', { epoch, trackId, kind, source: plan.source, rtpParameters });
    await up;
    if (!this.#closed) this.#sending.start(track);
  }

  stopSending(trackId: string): void {
    this.#sending.stop(trackId);
  }

  incoming(subscriptionId: string): Incoming | undefined {
    return this.receiving.get(subscriptionId);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sending.close();
    this.receiving.close();
    for (const direction of Object.values(this.#links)) if (direction.kind === 'open') direction.link.close();
  }

  #connect(direction: TransportDirection): Promise<void> {
    const present = this.#links[direction];
    if (present.kind === 'open') return present.up;
    const receiver = direction === 'send' ? this.#sending : this.receiving;
    const link = this.#world.openLink(direction, {
      packet: (packet) => receiver.packet(packet),
      broken: (why) => this.#closed || this.#handlers.broken(`the ${direction} transport: ${why}`),
    });
    const up = this.#bringUp(direction, link);
    this.#links[direction] = { kind: 'open', link, up };
    return up;
  }

  async #bringUp(direction: TransportDirection, link: MediaLink): Promise<void> {
    const { epoch, sendTransport, recvTransport } = this.grant;
    // ICE begins after the answer: a DTLS hello that overtakes the fingerprint is dropped and repeated a second later.
    await this.#ask('connectTransport', { epoch, direction, dtlsParameters: link.dtlsParameters });
    if (this.#closed) throw new PeerError('MEDIA_FAILED', 'the session was closed while it was connecting');
    await link.connect(direction === 'send' ? sendTransport : recvTransport, CONNECT_DEADLINE_MS);
    this.#handlers.connected(direction);
  }

  /** What became ready meanwhile goes into one request. */
  async #resume(): Promise<void> {
    const ready = this.#resuming;
    this.#resuming = [];
    const layers = this.#layers;
    const updates = ready.flatMap((subscriptionId) => {
      const subscription = this.receiving.get(subscriptionId)?.subscription;
      if (!subscription) return [];
      const preferred = layers && subscription.type !== 'simple' && { preferredLayers: layers };
      return [{ subscriptionId, paused: false, ...preferred }];
    });
    await this.#update(updates);
  }

  async #update(updates: ClientRequestInput<'updateSubscriptions'>['updates']): Promise<void> {
    const most = limits.subscriptionsPerRequest;
    for (let start = 0; start < updates.length && !this.#closed; start += most)
      await this.#ask('updateSubscriptions', { updates: updates.slice(start, start + most) });
  }

  #sendOn(direction: TransportDirection, packet: Buffer): boolean {
    const present = this.#links[direction];
    return present.kind === 'open' && present.link.send(packet);
  }
}
