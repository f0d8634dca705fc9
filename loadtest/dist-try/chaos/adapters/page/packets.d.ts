/**
 * Watches the audio receivers of every peer connection that is made from now on: `onPacket` is told when a packet of
 * which `MediaStreamTrack` came. To be called before the SDK makes one.
 */
export declare function watchAudioPackets(onPacket: (mediaTrackId: string, atMs: number) => void): void;
//# sourceMappingURL=packets.d.ts.map