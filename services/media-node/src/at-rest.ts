/** What a media node does while nobody is there, for benches that run many of them without media. */
export { Beats, type BeatsParts } from './membership/heartbeat.ts';
export { Peers, type PeersParts } from './membership/peers.ts';
