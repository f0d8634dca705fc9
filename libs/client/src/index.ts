import './adapters/symbol-dispose.ts';

export type {
  Layers,
  ParticipantConnection,
  Role,
  SessionEndReason,
  TrackKind,
  TrackSource,
} from '@skein/protocol';
export type { MediaElement } from './adapters/media-elements.ts';
export { SkeinClientError, type ClientErrorCode, type ClientOnlyCode } from './client-error.ts';
export { connect, type ConnectOptions } from './connect.ts';
export type { Environment } from './environment.ts';
export type { CaptureState } from './media/capture-watch.ts';
export type { LocalTrack } from './media/local-track.ts';
export type { PublishOptions } from './media/publications.ts';
export type { RemoteTrack } from './media/remote-track.ts';
export type { RtpRates } from './media/rtp-sample.ts';
export type { VideoCodec } from './media/send-plan.ts';
export type { RoomStats, TrackStats } from './media/track-stats.ts';
export type { LocalParticipant, RemoteParticipant } from './participants.ts';
export type { Room } from './room.ts';
export type { CloseReason, ConnectionState, RoomEvents } from './room-events.ts';
