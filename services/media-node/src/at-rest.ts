/** The idle work of a media node, for benches that run many of them without media. */
export { Heartbeat, type HeartbeatDeps } from './membership/heartbeat.ts';
export { Peers, type PeersDeps } from './membership/peers.ts';
