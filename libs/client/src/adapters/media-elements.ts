export type MediaElement = HTMLAudioElement | HTMLVideoElement;

/**
 * Plays `track` in `element`. `play()` is not awaited: it settles with the first data, which may come only once
 * the subscription is resumed. `onBlocked` is called when autoplay rules ask for a click first.
 */
export function attachMedia(element: MediaElement, track: MediaStreamTrack, onBlocked: () => void): void {
  const playing = element.srcObject;
  if (!(playing instanceof MediaStream) || playing.getTracks()[0] !== track)
    element.srcObject = new MediaStream([track]);
  element.autoplay = true;
  element.play().catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'NotAllowedError') onBlocked();
  });
}

export function detachMedia(element: MediaElement): void {
  element.pause();
  element.srcObject = null;
}
