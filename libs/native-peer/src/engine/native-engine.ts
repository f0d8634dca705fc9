import type {
  LinkOffer,
  LinkSignals,
  MediaEngine,
  MediaLink,
  Publication,
  RtpSample,
  SendPlan,
  TrackReceiver,
  TrackSender,
} from '@skein/client/engine';
import type { IceParameters, ReadySubscription, RtpCapabilities, TransportDirection } from '@skein/protocol';
import { PeerError } from './errors.ts';
import type { PacketLink } from './packet-link.ts';
import { receivedTrack, sentClipOf } from './native-track.ts';
import { IncomingStreams, type Incoming } from './incoming-streams.ts';
import { receiveCapabilities, sentParameters } from './rtp-parameters.ts';
import { chooseSsrcs, OutgoingStreams, type SentTrack } from './outgoing-streams.ts';
import type { PeerWorld } from './world.ts';

export interface NativeEngineHandlers {
  connected?(direction: TransportDirection): void;
  firstPacket?(): void;
  firstKeyFrame?(): void;
  /**
   * A video frame that can be decoded (a key frame came, and nothing was lost since), or a packet of audio, of the received
   * track with this `MediaStreamTrack.id`. `atMs`: on the world's monotonic clock. `packet`: the RTP packet that completed it,
   * not to be kept.
   */
  arrived?(mediaStreamTrackId: string, atMs: number, packet: Buffer): void;
}

const CONNECT_DEADLINE_MS = 15_000;

/** Real WebRTC without a browser, for the SDK: sends clips in place of captures, and measures what it receives. */
export class NativeEngine implements MediaEngine {
  readonly #world: PeerWorld;
  readonly #handlers: NativeEngineHandlers;
  readonly #links = new Set<NativeLink>();
  readonly #connectDelayMs: number;

  /** `connectDelayMs`: as in `PeerPlan`. */
  constructor(world: PeerWorld, handlers: NativeEngineHandlers = {}, connectDelayMs = 0) {
    this.#world = world;
    this.#handlers = handlers;
    this.#connectDelayMs = connectDelayMs;
  }

  /** The streams of all its links. */
  get receiving(): IncomingStreams[] {
    return [...this.#links].map((link) => link.receiving);
  }

  load(_routerCapabilities: RtpCapabilities): Promise<RtpCapabilities> {
    return Promise.resolve(receiveCapabilities);
  }

  openLink(offer: LinkOffer, signals: LinkSignals): MediaLink {
    const handlers = this.#handlers;
    const connectDelayMs = this.#connectDelayMs;
    const closedBy = (): void => void this.#links.delete(link);
    const link = new NativeLink({ world: this.#world, offer, signals, handlers, connectDelayMs, closedBy });
    this.#links.add(link);
    return link;
  }

  /** Nothing is sent until it is let go again. */
  hold(held: boolean): void {
    for (const link of this.#links) link.hold(held);
  }

  /** All media stops at once. */
  close(): void {
    for (const link of this.#links) link.close();
  }
}

type Transport =
  | { readonly kind: 'none' }
  | { readonly kind: 'open'; readonly link: PacketLink; readonly up: Promise<void> };

interface NativeLinkDeps {
  readonly world: PeerWorld;
  readonly offer: LinkOffer;
  readonly signals: LinkSignals;
  readonly handlers: NativeEngineHandlers;
  readonly connectDelayMs: number;
  readonly closedBy: () => void;
}

class NativeLink implements MediaLink {
  readonly receiving: IncomingStreams;
  readonly #world: PeerWorld;
  readonly #offer: LinkOffer;
  readonly #signals: LinkSignals;
  readonly #handlers: NativeEngineHandlers;
  readonly #connectDelayMs: number;
  readonly #closedBy: () => void;
  readonly #sending: OutgoingStreams;
  readonly #transports: Record<TransportDirection, Transport> = {
    send: { kind: 'none' },
    recv: { kind: 'none' },
  };
  #closed = false;

  constructor({ world, offer, signals, handlers, connectDelayMs, closedBy }: NativeLinkDeps) {
    this.#world = world;
    this.#offer = offer;
    this.#signals = signals;
    this.#handlers = handlers;
    this.#connectDelayMs = connectDelayMs;
    this.#closedBy = closedBy;
    this.receiving = new IncomingStreams(world, (packet) => this.#sendOn('recv', packet), {
      firstPacket: () => handlers.firstPacket?.(),
      firstKeyFrame: () => handlers.firstKeyFrame?.(),
      arrived: ({ subscription }, atMs, packet) =>
        handlers.arrived?.(subscription.subscriptionId, atMs, packet),
    });
    this.#sending = new OutgoingStreams(world, (packet) => this.#sendOn('send', packet));
  }

  async send(publication: Publication, track: MediaStreamTrack, plan: SendPlan): Promise<TrackSender> {
    const { trackId, kind, muted } = publication;
    const ssrcs = chooseSsrcs(plan.encodings.length, this.#world.random);
    const up = this.#connect('send');
    await this.#signals.publish(publication, sentParameters(kind, ssrcs, trackId));
    const { lowestClip, keyFramesWhenAsked } = sentClipOf(track);
    const sent: SentTrack = { trackId, kind, ssrcs, lowestClip, keyFramesWhenAsked };
    const sender = new NativeSender(this.#world, this.#sending, sent, muted);
    // Nobody awaits the transport: its state is reported by `stateChanged`.
    up.then(() => sender.begin()).catch(() => undefined);
    return sender;
  }

  receive(subscription: ReadySubscription): Promise<TrackReceiver> {
    this.#connect('recv').catch(() => undefined);
    const incoming = this.receiving.add(subscription);
    return Promise.resolve(new NativeReceiver(this.#world, this.receiving, incoming));
  }

  restartIce(direction: TransportDirection, _iceParameters: IceParameters): Promise<void> {
    // libdatachannel has no ICE restart: a broken path is rebuilt with the session.
    return Promise.reject(new PeerError('MEDIA_FAILED', `the ${direction} transport cannot restart ICE`));
  }

  hold(held: boolean): void {
    this.#sending.hold(held);
  }

  stopSending(): void {
    this.#sending.close();
    const { send } = this.#transports;
    if (send.kind === 'open') send.link.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.stopSending();
    this.receiving.close();
    const { recv } = this.#transports;
    if (recv.kind === 'open') recv.link.close();
    this.#closedBy();
  }

  #connect(direction: TransportDirection): Promise<void> {
    if (this.#closed) return Promise.reject(new PeerError('MEDIA_FAILED', 'the link is closed'));
    const present = this.#transports[direction];
    if (present.kind === 'open') return present.up;
    const receiver = direction === 'send' ? this.#sending : this.receiving;
    const link = this.#world.openLink(direction, {
      packet: (packet) => receiver.packet(packet),
      changed: (state) => this.#signals.stateChanged(direction, state),
    });
    const up = this.#bringUp(direction, link);
    this.#transports[direction] = { kind: 'open', link, up };
    return up;
  }

  async #bringUp(direction: TransportDirection, link: PacketLink): Promise<void> {
    const { sendTransport, recvTransport } = this.#offer;
    // ICE begins after the answer: a DTLS hello that overtakes the fingerprint is dropped and repeated a second later.
    await this.#signals.connectTransport(direction, link.dtlsParameters);
    if (this.#connectDelayMs > 0) await this.#world.clock.sleep(this.#connectDelayMs);
    if (this.#closed) return;
    this.#signals.stateChanged(direction, 'connecting');
    try {
      await link.connect(direction === 'send' ? sendTransport : recvTransport, CONNECT_DEADLINE_MS);
    } catch (error) {
      if (!this.#closed) this.#signals.stateChanged(direction, 'failed');
      throw error;
    }
    this.#signals.stateChanged(direction, 'connected');
    this.#handlers.connected?.(direction);
  }

  #sendOn(direction: TransportDirection, packet: Buffer): boolean {
    const present = this.#transports[direction];
    return present.kind === 'open' && present.link.send(packet);
  }
}

class NativeSender implements TrackSender {
  readonly #world: PeerWorld;
  readonly #sending: OutgoingStreams;
  readonly #track: SentTrack;
  #paused: boolean;
  #state: 'waiting' | 'up' | 'closed' = 'waiting';

  constructor(world: PeerWorld, sending: OutgoingStreams, track: SentTrack, paused: boolean) {
    this.#world = world;
    this.#sending = sending;
    this.#track = track;
    this.#paused = paused;
  }

  /** The transport is up. */
  begin(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'up';
    this.#sending.start(this.#track);
    if (this.#paused) this.#sending.pause(this.#track.trackId);
  }

  setPaused(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    if (this.#state !== 'up') return;
    if (paused) this.#sending.pause(this.#track.trackId);
    else this.#sending.resume(this.#track.trackId);
  }

  replaceTrack(): Promise<void> {
    return Promise.resolve();
  }

  /** Clips are encoded already. */
  setEncodings(): Promise<void> {
    return Promise.resolve();
  }

  captureSize(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  sample(): Promise<readonly RtpSample[]> {
    const atMs = this.#world.clock.monotonicMs();
    return Promise.resolve(
      this.#sending
        .totals(this.#track.trackId)
        .map(({ ssrc, packets, bytes }) => ({ streamId: String(ssrc), atMs, packets, bytes })),
    );
  }

  close(): void {
    this.#state = 'closed';
    this.#sending.stop(this.#track.trackId);
  }
}

class NativeReceiver implements TrackReceiver {
  readonly mediaStreamTrack: MediaStreamTrack;
  readonly audioLevel = undefined;
  readonly #world: PeerWorld;
  readonly #receiving: IncomingStreams;
  readonly #incoming: Incoming;

  constructor(world: PeerWorld, receiving: IncomingStreams, incoming: Incoming) {
    this.#world = world;
    this.#receiving = receiving;
    this.#incoming = incoming;
    const { subscriptionId, kind } = incoming.subscription;
    this.mediaStreamTrack = receivedTrack(subscriptionId, kind);
  }

  arrived(): Promise<boolean> {
    const { meter, subscription } = this.#incoming;
    return Promise.resolve(subscription.kind === 'audio' ? meter.started : meter.everDecodable);
  }

  sample(): Promise<readonly RtpSample[]> {
    const { meter, subscription } = this.#incoming;
    const { packets, bytes, lost, jitterMs } = meter.total;
    const atMs = this.#world.clock.monotonicMs();
    const streamId = subscription.subscriptionId;
    return Promise.resolve([{ streamId, atMs, packets, bytes, packetsLost: lost, jitterMs }]);
  }

  close(): void {
    this.#receiving.remove(this.#incoming.subscription.subscriptionId);
  }
}
