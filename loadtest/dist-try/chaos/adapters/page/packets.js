/**
 * Watches the audio receivers of every peer connection that is made from now on: `onPacket` is told when a packet of
 * which `MediaStreamTrack` came. To be called before the SDK makes one.
 */
export function watchAudioPackets(onPacket) {
    const worker = new Worker('/packet-worker.js');
    worker.addEventListener('message', ({ data }) => {
        for (const { mediaTrackId, atMs } of data)
            onPacket(mediaTrackId, atMs);
    });
    window.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(configuration) {
            super(configuration);
            this.addEventListener('track', ({ receiver, track }) => {
                if (track.kind !== 'audio')
                    return;
                const watched = receiver;
                watched.transform ??= new RTCRtpScriptTransform(worker, { mediaTrackId: track.id });
            });
        }
    };
}
//# sourceMappingURL=packets.js.map