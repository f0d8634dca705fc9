import type { PacketBatch } from './packet-worker.ts';

interface RtpTransformConstructor {
  new (worker: Worker, options: { mediaTrackId: string }): object;
}

declare const RTCRtpScriptTransform: RtpTransformConstructor;

/**
 * Watches the audio receivers of every peer connection that is made from now on: `onPacket` is told when a packet of
 * which `MediaStreamTrack` came. To be called before the SDK makes one.
 */
export function watchAudioPackets(onPacket: (mediaTrackId: string, atMs: number) => void): void {
  const worker = new Worker('/packet-worker.js');
  worker.addEventListener('message', ({ data }: MessageEvent<PacketBatch>) => {
    for (const { mediaTrackId, atMs } of data) onPacket(mediaTrackId, atMs);
  });
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('track', ({ receiver, track }) => {
        if (track.kind !== 'audio') return;
        const watched = receiver as RTCRtpReceiver & { transform: object | null };
        watched.transform ??= new RTCRtpScriptTransform(worker, { mediaTrackId: track.id });
      });
    }
  };
}
