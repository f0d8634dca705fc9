import type { Layers, SessionEndReason } from '@skein/protocol';
import type { MediaElement } from './adapters/media-elements.ts';
import type { SkeinClientError } from './client-error.ts';
import type { LocalTrack } from './media/local-track.ts';
import type { RemoteTrack } from './media/remote-track.ts';
import type { RemoteParticipant } from './participants.ts';

/** Why a room is closed for this client. */
export type CloseReason =
  | SessionEndReason
  /** `leave()` was called. */
  | 'left'
  /** No gateway could be entered for `reconnectDeadlineMs`, or one refused for good (see `error`). */
  | 'connection-lost'
  /** The browser refused to take up media, such as one more peer connection (see `error`); the room was left. */
  | 'media-failed';

export type ConnectionState =
  | { readonly state: 'connected'; readonly sessionId: string; readonly nodeId: string }
  /** Tracks and participants stay as they are. `signaling`: media goes on; `media`: its way through the network is lost. */
  | { readonly state: 'reconnecting'; readonly reason: 'media' | 'signaling' }
  /** What carried this client's media is gone; it is being built anew elsewhere. Tracks and participants stay as they are. */
  | { readonly state: 'recovering' }
  | { readonly state: 'closed'; readonly reason: CloseReason; readonly error?: SkeinClientError | undefined };

interface OfTrack {
  readonly participant: RemoteParticipant;
  readonly track: RemoteTrack;
}

/** Every event of a room with what it carries. State is changed before its event is told. */
export interface RoomEvents {
  connectionStateChanged: { readonly connection: ConnectionState; readonly previous: ConnectionState };
  participantJoined: { readonly participant: RemoteParticipant };
  participantLeft: { readonly participant: RemoteParticipant };
  /** Name, metadata, node, session or connection changed. */
  participantUpdated: { readonly participant: RemoteParticipant };
  /** Told at most once a second. */
  viewersChanged: { readonly viewers: number };
  trackPublished: OfTrack;
  trackUnpublished: OfTrack;
  trackMuted: OfTrack;
  trackUnmuted: OfTrack;
  /** Media can be played; again, with another `mediaStreamTrack`, when it was replaced under the track. */
  trackSubscribed: OfTrack & { readonly mediaStreamTrack: MediaStreamTrack };
  trackUnsubscribed: OfTrack;
  /** `layers` is undefined while none arrives. */
  subscriptionLayersChanged: OfTrack & { readonly layers: Layers | undefined };
  localTrackPublished: { readonly track: LocalTrack };
  localTrackUnpublished: { readonly track: LocalTrack };
  /** The capture ended by itself: the device was unplugged, or sharing stopped from the browser's own bar. */
  localTrackEnded: { readonly track: LocalTrack };
  /** The system muted the capture (`track.captureState`: a phone call, a privacy switch), gave it back, or it ended. */
  localTrackCaptureChanged: { readonly track: LocalTrack };
  /** The browser wants a click before it plays: call `track.attach(element)` again from one. */
  playbackBlocked: { readonly track: RemoteTrack; readonly element: MediaElement };
  /** The session ended without `leave()`; `connectionStateChanged` to closed follows. */
  sessionClosed: { readonly reason: SessionEndReason };
  /** Something went wrong in the background that nobody is waiting for. The room goes on. */
  error: { readonly error: SkeinClientError };
}
