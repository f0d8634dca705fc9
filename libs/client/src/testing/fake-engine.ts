import { routerRtpCapabilities, type ReadySubscription, type RtpCapabilities } from '@skein/protocol';
import type {
  LinkSignals,
  MediaEngine,
  MediaLink,
  PictureSize,
  Publication,
  TrackReceiver,
  TrackSender,
} from '../media/engine.ts';
import type { SendEncoding, SendPlan } from '../media/send-plan.ts';

/** A `MediaStreamTrack` with the members that the SDK uses. */
export function fakeTrack(kind: 'audio' | 'video', settings: MediaTrackSettings = {}): MediaStreamTrack {
  const target = new EventTarget();
  return Object.assign(target, {
    kind,
    contentHint: '',
    enabled: true,
    muted: false,
    readyState: 'live',
    getSettings: () => settings,
    stop: () => undefined,
  }) as unknown as MediaStreamTrack;
}

export class FakeSender implements TrackSender {
  paused = false;
  closed = false;
  track: MediaStreamTrack;
  encodings: readonly SendEncoding[];
  /** Size of the captured frames. */
  size: PictureSize | undefined;

  constructor(track: MediaStreamTrack, { encodings }: SendPlan) {
    this.track = track;
    this.encodings = encodings;
  }

  setPaused(paused: boolean): void {
    this.paused = paused;
  }

  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    this.track = track;
  }

  async setEncodings(encodings: readonly SendEncoding[]): Promise<void> {
    this.encodings = encodings;
  }

  async captureSize(): Promise<PictureSize | undefined> {
    return this.size;
  }

  async sample(): ReturnType<TrackSender['sample']> {
    return [];
  }

  close(): void {
    this.closed = true;
  }
}

export class FakeReceiver implements TrackReceiver {
  readonly mediaStreamTrack = fakeTrack('video');
  readonly audioLevel = undefined;
  closed = false;
  /** Whether media has arrived. */
  flowing = true;

  async arrived(): Promise<boolean> {
    return this.flowing;
  }

  async sample(): ReturnType<TrackReceiver['sample']> {
    return [];
  }

  close(): void {
    this.closed = true;
  }
}

export class FakeLink implements MediaLink {
  readonly signals: LinkSignals;
  readonly senders = new Map<string, FakeSender>();
  readonly receivers = new Map<string, FakeReceiver>();
  readonly plans = new Map<string, SendPlan>();
  readonly restarts: string[] = [];
  closed = false;
  sending = true;
  /** The initial `flowing` of its receivers. */
  flowing = true;
  /** Thrown by the next `receive`. */
  receiveError: Error | undefined;

  constructor(signals: LinkSignals) {
    this.signals = signals;
  }

  async send(publication: Publication, track: MediaStreamTrack, plan: SendPlan): Promise<TrackSender> {
    await this.signals.publish(publication, { codecs: [], headerExtensions: [], encodings: [{}], rtcp: {} });
    const sender = new FakeSender(track, plan);
    sender.paused = publication.muted;
    this.senders.set(publication.trackId, sender);
    this.plans.set(publication.trackId, plan);
    return sender;
  }

  async receive({ subscriptionId }: ReadySubscription): Promise<TrackReceiver> {
    const error = this.receiveError;
    this.receiveError = undefined;
    if (error) throw error;
    const receiver = new FakeReceiver();
    receiver.flowing = this.flowing;
    this.receivers.set(subscriptionId, receiver);
    return receiver;
  }

  async restartIce(direction: string): Promise<void> {
    this.restarts.push(direction);
  }

  stopSending(): void {
    this.sending = false;
  }

  close(): void {
    this.sending = false;
    this.closed = true;
  }
}

export class FakeEngine implements MediaEngine {
  readonly loads: RtpCapabilities[] = [];
  readonly links: FakeLink[] = [];
  /** Whether media arrives over links that are opened later. */
  flowing = true;
  /** Thrown instead of opening a link, as a browser's `RTCPeerConnection` does. */
  openError: Error | undefined;

  async load(capabilities: RtpCapabilities): Promise<RtpCapabilities> {
    this.loads.push(capabilities);
    return routerRtpCapabilities;
  }

  openLink(_offer: unknown, signals: LinkSignals): MediaLink {
    if (this.openError) throw this.openError;
    const link = new FakeLink(signals);
    link.flowing = this.flowing;
    this.links.push(link);
    return link;
  }
}
