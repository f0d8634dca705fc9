export type MediaElement = HTMLAudioElement | HTMLVideoElement;

/**
 * Plays `track` in `element`. `play()` is not awaited: it settles with the first data, which may come only once
 * the subscription is resumed. `onBlocked` is called when autoplay rules ask for a click first.
 */
export function attachMedia(element: MediaElement, track: MediaStreamTrack, onBlocked: () => void): void {
  show(element, track);
  element.autoplay = true;
  element.play().catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'NotAllowedError') onBlocked();
  });
}

export function detachMedia(element: MediaElement): void {
  element.pause();
  element.srcObject = null;
}

// A stream that stays keeps the last frame until the next; another `srcObject` empties the element first. The old track
// goes before the new one comes: with two at once Chromium goes on showing the one that it chose first.
function show(element: MediaElement, track: MediaStreamTrack): void {
  const playing = element.srcObject;
  if (!(playing instanceof MediaStream)) {
    element.srcObject = new MediaStream([track]);
    return;
  }
  for (const one of playing.getTracks()) if (one !== track) playing.removeTrack(one);
  playing.addTrack(track);
}
