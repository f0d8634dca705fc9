/** What a media node does while nobody is there, for benches that run many of them without media. */
export { Beats, type BeatsParts } from './beats/beats.ts';
export { Peers, type PeersParts } from './pipes/peers.ts';
