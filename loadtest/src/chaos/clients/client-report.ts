import type { Gap } from './gaps.ts';

/** Commands and answers of one client of the call. Shared by clients and bench; times are milliseconds since 1970. */
export interface ClientOptions {
  /** Gateways, tried in turn. */
  readonly urls: readonly string[];
  readonly room: string;
  readonly identity: string;
  readonly nodeId?: string | undefined;
  /** Pictures per second; 0 publishes sound only. */
  readonly fps: number;
  /** Encodings of the picture, where the client has them. Default 1. */
  readonly layers?: 1 | 3 | undefined;
}

/** People whose name starts so come and go by plan. */
export const PROBE = 'visitor';

/** One track of another, as this person receives it. */
export interface TrackGaps {
  readonly trackId: string;
  readonly identity: string;
  readonly kind: 'audio' | 'video';
  /** In order; see `gapsBetween`. */
  readonly gaps: readonly Gap[];
  /** When the SDK put another `MediaStreamTrack` under the track, in the same time. */
  readonly swappedAtMs: readonly number[];
}

export interface ConnectionLogEntry {
  readonly state: string;
  readonly cause?: string | undefined;
  readonly atMs: number;
}

/** Something that the SDK told about others which nobody of them did. */
export interface SpuriousEvent {
  readonly event: string;
  readonly identity: string;
  readonly atMs: number;
}

/** What the client makes of the room. */
export interface ClientView {
  readonly identity: string;
  readonly atMs: number;
  readonly connection: ConnectionLogEntry;
  readonly sessionId: string;
  readonly nodeId: string;
  /** Address of the gateway's socket that it opened last. */
  readonly gateway: string;
  /** Own track ids. */
  readonly published: readonly string[];
  readonly others: readonly {
    readonly identity: string;
    readonly tracks: readonly {
      readonly trackId: string;
      readonly kind: 'audio' | 'video';
      readonly quietMs: number;
    }[];
  }[];
  readonly spuriousEvents: readonly SpuriousEvent[];
  readonly connectionLog: readonly ConnectionLogEntry[];
  readonly errors: readonly string[];
}

/** What a person's client offers to the bench. */
export interface ClientApi {
  join(options: ClientOptions): Promise<void>;
  view(): ClientView;
  /** The gaps of each track of others that was ever received, between two moments. */
  gaps(fromMs: number, toMs: number): readonly TrackGaps[];
  /** What the client counts of a track of another over half a second: for the search of why nothing comes. */
  evidence(trackId: string): Promise<string>;
  /** That these leave, and come again, is planned from now on. */
  expectAbsence(identities: readonly string[]): void;
  leave(): Promise<void>;
}

declare global {
  interface Window {
    chaosClient?: ClientApi;
  }
}
