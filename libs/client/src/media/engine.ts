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

/** WebRTC as the SDK needs it. The adapter for browsers implements it; other programs bring their own. */
export interface MediaEngine {
  /**
   * Prepares for the capabilities of the cluster's routers; resolves with what this client can receive. Safe to repeat, with
   * other capabilities too. Fails with `BROWSER_UNSUPPORTED`.
   */
  load(routerCapabilities: RtpCapabilities): Promise<RtpCapabilities>;
  /** Creates both transports of one session. They use the network only once a track needs it. */
  openLink(offer: LinkOffer, signals: LinkSignals): MediaLink;
}

/** The media transports of one session, as its node offers them. */
export interface LinkOffer {
  readonly sendTransport: TransportOffer;
  readonly recvTransport: TransportOffer;
  readonly iceServers: readonly IceServer[];
}

/** Requests of a link to its node, over signaling. */
export interface LinkSignals {
  /** Never rejects: a final failure is reported to the room. */
  connectTransport(direction: TransportDirection, dtlsParameters: DtlsParameters): Promise<void>;
  publish(publication: Publication, rtpParameters: RtpParameters): Promise<void>;
  stateChanged(direction: TransportDirection, state: TransportState): void;
}

/** A track as the room shows it. */
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

/** Media between this client and one session on one node. A migration opens another link. */
export interface MediaLink {
  /** Starts sending; resolves when the node has accepted the track. `mediaStreamTrack` is never stopped. */
  send(publication: Publication, mediaStreamTrack: MediaStreamTrack, plan: SendPlan): Promise<TrackSender>;
  /**
   * Negotiates a paused subscription. Calls of one moment share one negotiation. Tracks of one `syncGroup` play in sync.
   */
  receive(subscription: ReadySubscription, syncGroup: string): Promise<TrackReceiver>;
  restartIce(direction: TransportDirection, iceParameters: IceParameters): Promise<void>;
  /** Stops sending, because the node is gone. The last received frame stays until `close`. */
  stopSending(): void;
  close(): void;
}

export interface TrackSender {
  /** A paused sender sends nothing, not even silence or black frames. The capture itself is never changed. */
  setPaused(paused: boolean): void;
  replaceTrack(mediaStreamTrack: MediaStreamTrack): Promise<void>;
  /** Changes the encodings: one setting for each encoding that the track is sent with, in the same order. */
  setEncodings(encodings: readonly SendEncoding[]): Promise<void>;
  /** Size of the captured picture before scaling; undefined for audio and while nothing is captured. */
  captureSize(): Promise<PictureSize | undefined>;
  /** One sample per encoding. */
  sample(): Promise<readonly RtpSample[]>;
  close(): void;
}

export interface TrackReceiver {
  readonly mediaStreamTrack: MediaStreamTrack;
  /** Current audio level, 0 to 1; undefined before anything is played. Cheap to read. */
  readonly audioLevel: number | undefined;
  /** Whether the first frame (video) or packet (audio) has arrived. Cheap to call. */
  arrived(): Promise<boolean>;
  sample(): Promise<readonly RtpSample[]>;
  close(): void;
}
