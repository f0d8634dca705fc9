import type { TrackKind } from '@skein/protocol';

/**
 * A live track that shows nothing and is silent. Takes the place of a capture that has ended, such as a camera that was
 * closed while muted: browsers refuse to send that one, while its track must stay in the room.
 */
export function standInTrack(kind: TrackKind): MediaStreamTrack {
  const [track] = kind === 'video' ? darkness() : silence();
  if (!track) throw new Error(`this browser made no ${kind} track`);
  return track;
}

function darkness(): MediaStreamTrack[] {
  const canvas = document.createElement('canvas');
  canvas.getContext('2d');
  return canvas.captureStream(0).getVideoTracks();
}

function silence(): MediaStreamTrack[] {
  return new AudioContext().createMediaStreamDestination().stream.getAudioTracks();
}
