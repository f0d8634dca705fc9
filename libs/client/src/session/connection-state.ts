import type { SessionEndReason } from '@skein/protocol';
import type { SkeinClientError } from '../errors/client-error.ts';

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
