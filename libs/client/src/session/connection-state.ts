import type { SessionEndReason } from '@skein/protocol';
import type { SkeinClientError } from '../errors/client-error.ts';

/** Why a room has closed for this client. */
export type CloseReason =
  | SessionEndReason
  /** `leave()` was called. */
  | 'left'
  /** No gateway was reached for `reconnectDeadlineMs`, or one refused for good (see `error`). */
  | 'connection-lost'
  /** The browser refused to set up media, such as one more peer connection (see `error`); the room was left. */
  | 'media-failed';

export type ConnectionState =
  | { readonly state: 'connected'; readonly sessionId: string; readonly nodeId: string }
  /**
   * `signaling`: the connection to the gateway is lost, media continues. `media`: the network path of media is lost. The SDK
   * restores it; tracks and participants stay as they are.
   */
  | { readonly state: 'reconnecting'; readonly reason: 'media' | 'signaling' }
  /** The media session of this client is lost and is rebuilt on another node. Tracks and participants stay as they are. */
  | { readonly state: 'recovering' }
  /** Final. */
  | { readonly state: 'closed'; readonly reason: CloseReason; readonly error?: SkeinClientError | undefined };
