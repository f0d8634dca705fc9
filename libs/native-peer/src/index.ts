/**
 * Skein's SDK without a browser: a WebRTC engine on libdatachannel, RTP and RTCP, and clips sent at their own pace. For load
 * tests, the fault bench, recorders and tests of other ways in.
 *
 * Three ways to use it, from the least to the most:
 * - `NativeEngine` as the `engine` of `connect()` from `@skein/client`, on a `nativeWorld()`.
 * - `NativePeer`: one participant that follows a `PeerPlan`.
 * - `startPeerProcess()`: a child process with many such participants, which reports measurements every second.
 */
export { loadClips } from './adapters/clip-files.ts';
export { endDatachannel } from './adapters/datachannel-link.ts';
export { nativeWorld, type NativeWorldOptions } from './adapters/native-world.ts';
export { startPeerProcess } from './adapters/peer-child.ts';
export { PeerError, type PeerErrorCode } from './engine/errors.ts';
export { NativeEngine, type NativeEngineHandlers } from './engine/native-engine.ts';
export { capturedTrack, type ClipOptions } from './engine/native-track.ts';
export type { LinkHandlers, OpenLink, PacketLink } from './engine/packet-link.ts';
export { detectingSilence } from './engine/silence.ts';
export type { PeerWorld } from './engine/world.ts';
export type { Clip, Clips } from './media/clip.ts';
export { NativePeer } from './peers/native-peer.ts';
export type { Joined, Peer, PeerEvent, PeerEvents, PeerPlan, TrackPlan } from './peers/peer.ts';
export type {
  PeerProcess,
  PeerProcessEvents,
  PeerProcessOptions,
  StartPeerProcess,
} from './processes/peer-process.ts';
export { payloadOffset } from './rtp/rtp-packet.ts';
