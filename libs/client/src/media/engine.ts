import type {
  DtlsParameters,
  IceParameters,
  IceServer,
  ReadySubscription,
  RtpCapabilities,
  RtpParameters,
  TrackKind,
  TrackSource,
  TransportDirection,
  TransportOffer,
} from '@skein/protocol';
import type { SendEncoding, SendPlan } from './send-plan.ts';
import type { RtpSample } from './rtp-sample.ts';

/** The browser's WebRTC, as this SDK needs it. The only implementation with a browser in it is an adapter. */
export interface MediaEngine {
  /**
   * Prepares for what the routers of the cluster can do; answers with what this browser can receive. Safe to
   * repeat, with other capabilities too. Fails with `BROWSER_UNSUPPORTED`.
   */
  load(routerCapabilities: RtpCapabilities): Promise<RtpCapabilities>;
  /** Makes both transports of one session. Nothing goes over the network before a track does. */
  openLink(offer: LinkOffer, signals: LinkSignals): MediaLink;
}

/** One session's media as its node offers it. */
export interface LinkOffer {
  readonly sendTransport: TransportOffer;
  readonly recvTransport: TransportOffer;
  readonly iceServers: readonly IceServer[];
}

/** What a link asks of the node, over signaling. */
export interface LinkSignals {
  /** Never rejects: nothing waits for it, and what fails for good is told to the room. */
  connectTransport(direction: TransportDirection, dtlsParameters: DtlsParameters): Promise<void>;
  publish(publication: Publication, rtpParameters: RtpParameters): Promise<void>;
  stateChanged(direction: TransportDirection, state: TransportState): void;
}

/** What the room is to show of a track. */
export interface Publication {
  readonly trackId: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly name?: string | undefined;
  readonly muted: boolean;
}

/** In pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** `RTCPeerConnectionState` (WebRTC §4.4.3). */
export type TransportState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';

/** Media between this client and one session on one node. Replaced as a whole when the session moves. */
export interface MediaLink {
  /** Starts sending; resolves when the node has accepted the track. `mediaStreamTrack` is never stopped. */
  send(publication: Publication, mediaStreamTrack: MediaStreamTrack, plan: SendPlan): Promise<TrackSender>;
  /**
   * Prepares decoding of a paused subscription. Many at once share one negotiation. Tracks of one `syncGroup` are
   * played in step.
   */
  receive(subscription: ReadySubscription, syncGroup: string): Promise<TrackReceiver>;
  restartIce(direction: TransportDirection, iceParameters: IceParameters): Promise<void>;
  /** Nobody takes what is sent any more; what was received last stays until `close`. */
  stopSending(): void;
  close(): void;
}

export interface TrackSender {
  /** While paused nothing is sent, not even silence or black frames. The capture itself is never touched. */
  setPaused(paused: boolean): void;
  replaceTrack(mediaStreamTrack: MediaStreamTrack): Promise<void>;
  /** Encodes differently from now on: one setting for each encoding that the track was sent with, in the same order. */
  setEncodings(encodings: readonly SendEncoding[]): Promise<void>;
  /** The size of what is captured now, before any scaling; undefined while nothing is captured, and for sound. */
  captureSize(): Promise<PictureSize | undefined>;
  /** One sample per encoding. */
  sample(): Promise<readonly RtpSample[]>;
  close(): void;
}

export interface TrackReceiver {
  readonly mediaStreamTrack: MediaStreamTrack;
  /** How loud an audio track is now, 0 to 1; undefined when nothing was played yet. Cheap to read often. */
  readonly audioLevel: number | undefined;
  /** Whether a first frame (video) or packet (audio) is there. Cheap to ask often. */
  arrived(): Promise<boolean>;
  sample(): Promise<readonly RtpSample[]>;
  close(): void;
}
