import type { TrackKind } from '@skein/protocol';

/** A live track without media, until it is disposed. */
export interface StandIn extends Disposable {
  readonly track: MediaStreamTrack;
}

/**
 * Replaces a capture that has ended, such as a camera that was closed while muted, during the negotiation of its sender: browsers
 * refuse to negotiate an ended track, while the published track must stay in the room.
 */
export function standInTrack(kind: TrackKind): StandIn {
  return kind === 'video' ? emptyVideo() : emptyAudio();
}

function emptyVideo(): StandIn {
  const canvas = document.createElement('canvas');
  canvas.getContext('2d');
  return standIn(canvas.captureStream(0).getVideoTracks()[0]);
}

function emptyAudio(): StandIn {
  const context = new AudioContext();
  const [track] = context.createMediaStreamDestination().stream.getAudioTracks();
  // Browsers allow few contexts at a time.
  return standIn(track, () => void context.close().catch(() => undefined));
}

function standIn(track: MediaStreamTrack | undefined, close = (): void => undefined): StandIn {
  if (!track) {
    close();
    throw new Error('this browser made no stand-in track');
  }
  return {
    track,
    [Symbol.dispose]: () => {
      track.stop();
      close();
    },
  };
}
