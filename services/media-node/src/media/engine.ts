import type {
  DtlsParameters,
  IceParameters,
  Layers,
  RtpCapabilities,
  RtpParameters,
  TrackKind,
  TransportRequest,
  TransportOffer,
} from '@skein/protocol';
import type { Emitter, PortRange } from '@skein/runtime';

/**
 * Forwards packets, in workers with routers that are reached only through these interfaces. Every request to a worker ends:
 * with `DEADLINE_EXCEEDED` after some seconds without an answer, with `UNAVAILABLE` when the worker dies.
 */
export interface MediaEngine {
  /** Starts one worker process with one UDP and one TCP port. Rejects when it fails to start. */
  startWorker(options: WorkerOptions): Promise<MediaWorker>;
}

export interface WorkerOptions {
  /** Addresses that the worker listens on for clients. */
  readonly listen: readonly ListenAddress[];
  /** One port on each address, used for UDP and for TCP; 0 lets the worker choose. */
  readonly rtcPort: number;
  /** The range that the worker chooses from. Default: 10000-59999. */
  readonly rtcPorts?: PortRange | undefined;
}

export interface ListenAddress {
  readonly ip: string;
  /** Addresses or host names announced to clients, the preferred one first. Empty: `ip`. */
  readonly announced: readonly string[];
}

/** The address that an end of a pipe listens on, and the one announced to the other end. */
export interface PipeListen {
  readonly ip: string;
  /** Default: `ip`. */
  readonly announced?: string | undefined;
  /** Default: 10000-59999. */
  readonly ports?: PortRange | undefined;
}

export interface MediaWorker {
  readonly pid: number;
  /** `died` once, when the process ended unrequested. */
  readonly events: Emitter<{ died: { readonly error: Error } }>;
  createRouter(): Promise<MediaRouter>;
  /** CPU time used since its start, user and system, in milliseconds. */
  cpuMs(): Promise<number>;
  /** The number of requests answered since its start. */
  answered(): number;
  /** Its process, which is visible also when the worker does not answer; `undefined`: it cannot be inspected. */
  process(): Promise<WorkerProcess | undefined>;
  /** Kills its process, even a hanging one; `died` follows. */
  kill(): void;
  close(): void;
}

/** The process of a worker. */
export interface WorkerProcess {
  /** `blocked`: in an uninterruptible wait, such as for a disk. */
  readonly state: 'runs' | 'sleeps' | 'blocked' | 'stopped';
  /** CPU time used since its start. */
  readonly cpuMs: number;
}

/** Forwards between its own transports. */
export interface MediaRouter {
  readonly id: string;
  /** `direction` is the client's: a transport that sends carries its tracks to the router. */
  createClientTransport(direction: TransportRequest['direction']): Promise<ClientTransport>;
  /**
   * One end of a pipe, not connected yet. `secure`: SRTP with AES-256-GCM and RTX; else plain RTP.
   * Fails `LIMIT_EXCEEDED` when every port is in use.
   */
  createPipeEnd(options: { readonly listen: PipeListen; readonly secure: boolean }): Promise<PipeEndpoint>;
  /** Whether a receiver with these capabilities can decode the source. The source must be of this router. */
  canForward(source: MediaSource, receiver: RtpCapabilities): boolean;
  close(): void;
}

/** A place at a router, on the worker that was chosen. Disposing gives it back. */
export interface RouterSlot extends Disposable {
  readonly router: MediaRouter;
}

/** The state of a transport's path to its client. `gone` is final. */
export type ClientPath = 'connected' | 'disconnected' | 'gone';

/** One transport of one client's media, for one direction or both. */
export interface ClientTransport {
  readonly id: string;
  readonly offer: TransportOffer;
  readonly events: Emitter<{ path: { readonly path: ClientPath } }>;
  /** Fails `TRANSPORT_STATE` when called twice. */
  connect(dtls: DtlsParameters): Promise<void>;
  restartIce(): Promise<IceParameters>;
  /** Receives a track from the client. Fails `RTP_PARAMETERS_REJECTED` with the field at fault. */
  receive(media: ReceivedMedia): Promise<MediaSource>;
  /** Sends a source of the same router to the client, paused at first. Fails `INCOMPATIBLE_CODECS`. */
  send(source: MediaSource, receiver: RtpCapabilities, options?: SendOptions): Promise<MediaSink>;
  close(): void;
}

export interface SendOptions {
  readonly preferredLayers?: Layers | undefined;
  /**
   * Priority of a video among those of the same transport, 1-255: it gets layers first when the client's link is too narrow
   * for all. Audio is never held back. Default: 1.
   */
  readonly priority?: number | undefined;
}

export interface ReceivedMedia {
  readonly kind: TrackKind;
  readonly rtpParameters: RtpParameters;
  readonly muted: boolean;
  /** A source, such as a screen, that sends nothing while it does not change: its layers survive a pause of 5 s instead of 1.5 s. Default: false. */
  readonly restsWhenStill?: boolean;
}

export interface PipeAddress {
  readonly ip: string;
  readonly port: number;
  readonly srtp: { readonly cryptoSuite: string; readonly keyBase64: string } | undefined;
}

/** One end of a pipe. Carries media both ways once connected. */
export interface PipeEndpoint {
  readonly address: PipeAddress;
  /** To be called once. */
  connect(remote: PipeAddress): Promise<void>;
  /** Sends every encoding of a source of the same router. Key frame requests return to the source. */
  send(source: MediaSource): Promise<PipedMedia>;
  /** Receives a track from the other end, with the parameters that its `send` returned. */
  receive(media: ReceivedMedia): Promise<MediaSource>;
  /** Fails when the end is gone. */
  counters(): Promise<PipeCounters>;
  /** Sends a few probe packets, which belong to no track: the other end counts them, and drops them. */
  sendProbes(): Promise<void>;
  close(): void;
}

/** RTP and RTCP bytes since the end of a pipe was created. */
export interface EndCounters {
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export interface PipeCounters extends EndCounters {
  /**
   * The sent bytes that the other end has reported as missing, each packet once. Packets that never arrived here do not
   * count. Falls when a track leaves the pipe. `undefined`: nothing is sent, or the worker does not measure it.
   */
  readonly missedBytes: number | undefined;
  /** The latest measured round trip, at most some two seconds old while video is sent. */
  readonly rttMs: number | undefined;
}

/** The sending half of a track in a pipe. Ends with its source or its pipe. */
export interface PipedMedia {
  readonly kind: TrackKind;
  readonly rtpParameters: RtpParameters;
  /**
   * Sends these layers and the ones below. An added layer begins with a requested key frame. `false`: the worker cannot
   * hold layers back, and sends all.
   */
  setLayers(layers: Required<Layers>): Promise<boolean>;
  close(): void;
}

/** A track as it enters a router: from its publisher, or out of a pipe. */
export interface MediaSource {
  readonly id: string;
  readonly kind: TrackKind;
  readonly type: 'simple' | 'simulcast' | 'svc';
  readonly layers: { readonly spatial: number; readonly temporal: number };
  readonly mimeType: string;
  readonly muted: boolean;
  readonly closed: boolean;
  /** The highest layers that arrive: fewer than `layers` when a pipe on the route is too narrow for all. */
  readonly available: Required<Layers>;
  /**
   * `closed` once: by `close()`, or with its transport. `replaced`: another source has the same track, and this one closes
   * soon; `by`: that source, when the publisher replaced the streams.
   */
  readonly events: Emitter<{
    readonly muted: { readonly muted: boolean };
    readonly replaced: { readonly by?: MediaSource };
    readonly available: { readonly layers: Required<Layers> };
    readonly closed: { readonly reason: string };
  }>;
  setMuted(muted: boolean): Promise<void>;
  /** Sets the layers that the other end of its pipe sends. */
  setAvailable(layers: Required<Layers>): void;
  /**
   * Bits per second over the last second, by spatial and temporal layer, each including the layers below it. A layer that
   * does not arrive counts 0.
   */
  bitrates(): Promise<readonly (readonly number[])[]>;
  /** RTP packets received so far. */
  packets(): Promise<number>;
  close(): void;
}

/** A track on its way to one client. Ends with its source or its transport. */
export interface MediaSink {
  readonly id: string;
  readonly rtpParameters: RtpParameters;
  readonly type: 'simple' | 'simulcast' | 'svc';
  readonly paused: boolean;
  /** `layers`: the ones being sent; `undefined` while nothing is. */
  readonly events: Emitter<{ readonly layers: { readonly layers: Layers | undefined } }>;
  pause(): Promise<void>;
  /** Requests a key frame from the publisher as well. */
  resume(): Promise<void>;
  setPreferredLayers(layers: Layers): Promise<void>;
  /** RTP packets sent so far. */
  packets(): Promise<number>;
  close(): void;
}
