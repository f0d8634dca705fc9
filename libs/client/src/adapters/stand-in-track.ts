import type { TrackKind } from '@skein/protocol';

/** A live track that gives nothing, until it is disposed. */
export interface StandIn extends Disposable {
  readonly track: MediaStreamTrack;
}

/**
 * Takes the place of a capture that has ended, such as a camera that was closed while muted, for as long as its sender is
 * negotiated: browsers refuse to negotiate an ended one, while its track must stay in the room.
 */
export function standInTrack(kind: TrackKind): StandIn {
  return kind === 'video' ? darkness() : silence();
}

function darkness(): StandIn {
  const canvas = document.createElement('canvas');
  canvas.getContext('2d');
  return standIn(canvas.captureStream(0).getVideoTracks()[0]);
}

function silence(): StandIn {
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
