import type { Layers, SessionEndReason } from '@skein/protocol';
import type { MediaElement } from '../media/media-elements.ts';
import type { SkeinClientError } from '../errors/client-error.ts';
import type { LocalTrack } from '../publications/local-track.ts';
import type { RemoteTrack } from '../subscriptions/remote-track.ts';
import type { ConnectionState } from '../session/connection-state.ts';
import type { RemoteParticipant } from './participants.ts';

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
