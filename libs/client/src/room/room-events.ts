import type { Layers, SessionEndReason } from '@skein/protocol';
import type { SkeinClientError } from '../errors/client-error.ts';
import type { MediaElement } from '../media/media-elements.ts';
import type { LocalTrack } from '../publications/local-track.ts';
import type { ConnectionState } from '../session/connection-state.ts';
import type { RemoteTrack } from '../subscriptions/remote-track.ts';
import type { RemoteParticipant } from './participants.ts';

interface RemoteTrackPayload {
  readonly participant: RemoteParticipant;
  readonly track: RemoteTrack;
}

/**
 * The events of a room with their payloads. The state changes first, so that a listener reads the new state. Nothing is
 * emitted for what a room holds when `connect` resolves: read that from the room.
 */
export interface RoomEvents {
  /**
   * The connection entered another state. Not emitted for a migration of this client that interrupts nothing: `connection`
   * then only names another session and node.
   * To do: show `reconnecting` and `recovering`; leave the call view on `closed`.
   * Payload: the state now and before.
   */
  connectionStateChanged: { readonly connection: ConnectionState; readonly previous: ConnectionState };
  /**
   * Another participant joined. Not emitted for this client, for viewers, or for a participant that returns or moves to another
   * node under the same identity (`participantUpdated`). Its tracks follow as `trackPublished`.
   * To do: show it.
   * Payload: the participant.
   */
  participantJoined: { readonly participant: RemoteParticipant };
  /**
   * A participant left, was removed, or was lost for too long. `trackUnpublished` of each of its tracks came before. Not emitted
   * for viewers, or while a participant may still return (`participant.connection` is `lost` then).
   * To do: remove it.
   * Payload: the participant; the object is not used again.
   */
  participantLeft: { readonly participant: RemoteParticipant };
  /**
   * The name, metadata, node or connection of a participant changed, or it joined again under its identity. Not emitted for its
   * tracks, which have events of their own.
   * To do: show the new values; mark it while `connection` is `lost`.
   * Payload: the same object as before.
   */
  participantUpdated: { readonly participant: RemoteParticipant };
  /**
   * The number of viewers changed. Emitted at most once a second. Viewers have no other event.
   * To do: show the number.
   * Payload: the number, including this client if it is a viewer.
   */
  viewersChanged: { readonly viewers: number };
  /**
   * Another participant published a track. With `autoSubscribe` it is requested already and `trackSubscribed` follows. Not
   * emitted when a track moves to another node or gets other layers.
   * To do: `track.attach(element)`, which plays it as soon as it arrives; without `autoSubscribe`, `track.subscribe()` too.
   * Payload: the track and its publisher.
   */
  trackPublished: RemoteTrackPayload;
  /**
   * A track left the room: unpublished, or its publisher left. Not emitted while a publisher recovers.
   * To do: `track.detach()`, remove the elements.
   * Payload: the track and its publisher; the track object is not used again.
   */
  trackUnpublished: RemoteTrackPayload;
  /**
   * The publisher muted the track. Not emitted for a track that is published muted (read `track.muted`), or for `setEnabled`.
   * To do: show it as muted. Attached elements stay attached.
   * Payload: the track and its publisher.
   */
  trackMuted: RemoteTrackPayload;
  /**
   * The publisher unmuted the track; media follows within moments.
   * To do: show it as unmuted.
   * Payload: the track and its publisher.
   */
  trackUnmuted: RemoteTrackPayload;
  /**
   * Media of a track can be played. Emitted again with another `mediaStreamTrack` when the media was replaced under the track,
   * as in a migration. Not emitted when a paused or muted track resumes.
   * To do: nothing if the track is attached; otherwise use the new `mediaStreamTrack`.
   * Payload: the track, its publisher and the media.
   */
  trackSubscribed: RemoteTrackPayload & { readonly mediaStreamTrack: MediaStreamTrack };
  /**
   * Media of a track ended: `unsubscribe()`, the track left the room, its publisher has not recovered within 10 s, or the room
   * closed. Not emitted for short interruptions, during which the last frame stays.
   * To do: show the participant without this track. Attached elements are empty, and play again on the next `trackSubscribed`.
   * Payload: the track and its publisher.
   */
  trackUnsubscribed: RemoteTrackPayload;
  /**
   * The node sends other layers of a track, because of the link of this client or of `setPreferredLayers`. Not emitted for tracks
   * without layers.
   * To do: nothing; a page may show the quality.
   * Payload: the track, its publisher and the layers; undefined while none is sent.
   */
  subscriptionLayersChanged: RemoteTrackPayload & { readonly layers: Layers | undefined };
  /**
   * The room has a track of this client. Not emitted when the track is published again after a migration.
   * To do: show it in the own tile. `publish` resolves with the same track.
   * Payload: the track.
   */
  localTrackPublished: { readonly track: LocalTrack };
  /**
   * A track of this client left the room through `unpublish()` or `stop()`. Not emitted when the room closes.
   * To do: remove it from the own tile.
   * Payload: the track.
   */
  localTrackUnpublished: { readonly track: LocalTrack };
  /**
   * The capture of a track ended without the page: a device was unplugged, or sharing was stopped in the browser. Not emitted for
   * `MediaStreamTrack.stop()`. The track stays published and sends nothing.
   * To do: `track.replaceTrack(otherCapture)` or `track.unpublish()`.
   * Payload: the track.
   */
  localTrackEnded: { readonly track: LocalTrack };
  /**
   * The system interrupted a capture (a phone call, a privacy switch, a closed lid), gave it back, or the capture ended.
   * `track.captureState` has the new state. The track stays published.
   * To do: warn the user that nobody hears or sees them while it is `interrupted`.
   * Payload: the track.
   */
  localTrackCaptureChanged: { readonly track: LocalTrack };
  /**
   * The browser refused to play a track before a user gesture. Not emitted for tracks that are not attached.
   * To do: ask for a click, and call `track.attach(element)` again in its handler.
   * Payload: the track and the element.
   */
  playbackBlocked: { readonly track: RemoteTrack; readonly element: MediaElement };
  /**
   * The session ended without `leave()`: removed, superseded, or its node stopped. Not emitted when the connection is lost for
   * good, which only closes the room.
   * To do: nothing. `connectionStateChanged` follows: `closed`, or `reconnecting` where the SDK joins again.
   * Payload: the reason.
   */
  sessionClosed: { readonly reason: SessionEndReason };
  /**
   * An operation in the background failed. Not emitted for calls that reject, or after the room has closed. The room continues.
   * To do: log it.
   * Payload: the error.
   */
  error: { readonly error: SkeinClientError };
}
