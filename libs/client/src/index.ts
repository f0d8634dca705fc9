import './adapters/symbol-dispose.ts';
import { SkeinClientError as ClientError } from './errors/client-error.ts';

export type {
  Layers,
  ParticipantConnection,
  Role,
  SessionEndReason,
  TrackKind,
  TrackSource,
} from '@skein/protocol';
export { connect, type ConnectOptions } from './connect.ts';
export type { ClientErrorCode, ClientOnlyCode } from './errors/client-error.ts';
export type { PictureSize } from './media/engine.ts';
export type { MediaElement } from './media/media-elements.ts';
export type { RtpRates } from './media/rtp-sample.ts';
export type { VideoCodec } from './media/send-plan.ts';
export type { RoomStats, TrackStats } from './media/track-stats.ts';
export type { CaptureState } from './publications/capture-watch.ts';
export type { LocalTrack } from './publications/local-track.ts';
export type { PublishOptions } from './publications/publications.ts';
export type { Environment } from './room/environment.ts';
export type { LocalParticipant, RemoteParticipant } from './room/participants.ts';
export type { RoomEvents } from './room/room-events.ts';
export type { Room } from './room/room.ts';
export type {
  LocalParticipantSnapshot,
  LocalTrackSnapshot,
  ParticipantSnapshot,
  RemoteTrackSnapshot,
  RoomSnapshot,
  SubscriptionSnapshot,
} from './room/snapshot.ts';
export type { CloseReason, ConnectionState } from './session/connection-state.ts';
export type { RemoteTrack } from './subscriptions/remote-track.ts';
export type { SubscriptionStatus } from './subscriptions/subscription.ts';

export type SkeinClientError = ClientError;
/** The only error type of the SDK: use it with `instanceof`. Programs do not construct it. */
export const SkeinClientError: SkeinClientErrorClass = ClientError;

export type SkeinClientErrorClass = (abstract new (...args: never[]) => SkeinClientError) & {
  /** Converts anything that was thrown. */
  from(thrown: unknown): SkeinClientError;
};
