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
 * What forwards packets: workers with routers, reached only through these interfaces. Every call that asks a worker ends:
 * with `DEADLINE_EXCEEDED` after some seconds without an answer, with `UNAVAILABLE` when the worker dies.
 */
export interface MediaEngine {
  /** Starts one worker process with its one UDP and one TCP port. Rejects when it could not start. */
  startWorker(options: WorkerOptions): Promise<MediaWorker>;
}

export interface WorkerOptions {
  /** Addresses that the worker listens on for clients. */
  readonly listen: readonly ListenAddress[];
  /** One port on each address, used for UDP and for TCP; 0 lets the worker choose. */
  readonly rtcPort: number;
  /** From where the worker chooses. Default: 10000-59999. */
  readonly rtcPorts?: PortRange | undefined;
}

export interface ListenAddress {
  readonly ip: string;
  /** Addresses or host names that clients are told, the preferred one first. Empty: `ip`. */
  readonly announced: readonly string[];
}

/** Where an end of a pipe listens, and what the other end is told. */
export interface PipeListen {
  readonly ip: string;
  /** Default: `ip`. */
  readonly announced?: string | undefined;
  /** Default: 10000-59999. */
  readonly ports?: PortRange | undefined;
}

export interface MediaWorker {
  readonly pid: number;
  /** `died` once, when the process ended without being asked to. */
  readonly events: Emitter<{ died: { readonly error: Error } }>;
  createRouter(): Promise<MediaRouter>;
  /** CPU time used since its start, user and system, in milliseconds. */
  cpuMs(): Promise<number>;
  /** Requests that it has answered since its start: they grow as long as it is asked and goes on. */
  answered(): number;
  /** Its process, which the system knows also when the worker does not answer; `undefined`: it can't be looked at. */
  process(): Promise<WorkerProcess | undefined>;
  /** Ends its process at once, even one that hangs; `died` follows. */
  kill(): void;
  close(): void;
}

/** A worker as the system sees it. */
export interface WorkerProcess {
  /** `blocked`: waits in the system for what nothing interrupts, such as a disk. */
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
  /** Takes what the client sends. Fails `RTP_PARAMETERS_REJECTED` with the field at fault. */
  receive(media: ReceivedMedia): Promise<MediaSource>;
  /** Sends a source of the same router to the client, paused at first. Fails `INCOMPATIBLE_CODECS`. */
  send(source: MediaSource, receiver: RtpCapabilities, options?: SendOptions): Promise<MediaSink>;
  close(): void;
}

export interface SendOptions {
  readonly preferredLayers?: Layers | undefined;
  /**
   * Of a picture among those of the same transport, 1-255: who gets layers first when the client's link has no room for all.
   * Sound is never held back. Default: 1.
   */
  readonly priority?: number | undefined;
}

export interface ReceivedMedia {
  readonly kind: TrackKind;
  readonly rtpParameters: RtpParameters;
  readonly muted: boolean;
  /** It sends nothing while it does not change, as a screen: its layers stay usable through a pause of 5 s, not 1.5 s. Default: false. */
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
  /** Once only. */
  connect(remote: PipeAddress): Promise<void>;
  /** Sends every encoding of a source of the same router. Its key frame requests come back to the source. */
  send(source: MediaSource): Promise<PipedMedia>;
  /** Takes what the other end sends, by the parameters that its `send` gave. */
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
   * Of the sent bytes, those that the other end has reported as missing, each packet once. Packets that never arrived here
   * are not among them. Falls when a track leaves the pipe. `undefined`: nothing is sent, or the worker cannot tell.
   */
  readonly missedBytes: number | undefined;
  /** The latest round trip that was measured, at most some two seconds old while video is sent. */
  readonly rttMs: number | undefined;
}

/** The sending half of a track in a pipe. Ends with its source or its pipe. */
export interface PipedMedia {
  readonly kind: TrackKind;
  readonly rtpParameters: RtpParameters;
  /**
   * Sends these layers and the ones below. A layer that is added begins with a key frame, which is requested. `false`: the
   * worker cannot, and all layers are sent.
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
  /** The highest layers that arrive: fewer than `layers` when a pipe on the way has no room for all. */
  readonly available: Required<Layers>;
  /**
   * `closed` once: by `close()`, or because its transport went. `replaced`: the same track comes by another source, and this
   * one closes soon; `by`: that source, when its publisher replaced the streams.
   */
  readonly events: Emitter<{
    readonly muted: { readonly muted: boolean };
    readonly replaced: { readonly by?: MediaSource };
    readonly available: { readonly layers: Required<Layers> };
    readonly closed: { readonly reason: string };
  }>;
  setMuted(muted: boolean): Promise<void>;
  /** The other end of the pipe that it comes through says which layers it sends. */
  setAvailable(layers: Required<Layers>): void;
  /**
   * Bits per second of the last second, by spatial and temporal layer, each together with all layers below it. A layer that
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
  /** `layers`: which ones are being sent; none while nothing is. */
  readonly events: Emitter<{ readonly layers: { readonly layers: Layers | undefined } }>;
  pause(): Promise<void>;
  /** Asks the publisher for a key frame as well. */
  resume(): Promise<void>;
  setPreferredLayers(layers: Layers): Promise<void>;
  /** RTP packets sent so far. */
  packets(): Promise<number>;
  close(): void;
}
