import './adapters/symbol-dispose.ts';

export type {
  Layers,
  ParticipantConnection,
  Role,
  SessionEndReason,
  TrackKind,
  TrackSource,
} from '@skein/protocol';
export type { MediaElement } from './media/media-elements.ts';
export { SkeinClientError, type ClientErrorCode, type ClientOnlyCode } from './errors/client-error.ts';
export { connect, type ConnectOptions } from './connect.ts';
export type { Environment } from './room/environment.ts';
export type { CaptureState } from './publications/capture-watch.ts';
export type { LocalTrack } from './publications/local-track.ts';
export type { PublishOptions } from './publications/publications.ts';
export type { RemoteTrack } from './subscriptions/remote-track.ts';
export type { RtpRates } from './media/rtp-sample.ts';
export type { VideoCodec } from './media/send-plan.ts';
export type { RoomStats, TrackStats } from './media/track-stats.ts';
export type { LocalParticipant, RemoteParticipant } from './room/participants.ts';
export type { Room } from './room/room.ts';
export type { RoomEvents } from './room/room-events.ts';
export type { CloseReason, ConnectionState } from './session/connection-state.ts';
