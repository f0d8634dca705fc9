export type MediaElement = HTMLAudioElement | HTMLVideoElement;

/**
 * Plays `track` in `element`. `play()` is not awaited: it settles with the first data, which may arrive only after the
 * subscription is resumed. Calls `onBlocked` when the autoplay policy requires a user gesture.
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

/** Calls `changed` when the size of the shown picture may have changed, until disposed. */
export function watchPictureSize(element: MediaElement, changed: () => void): Disposable {
  const events = ['resize', 'emptied'] as const;
  for (const event of events) element.addEventListener(event, changed);
  return {
    [Symbol.dispose]: () => {
      for (const event of events) element.removeEventListener(event, changed);
    },
  };
}

// A stream that stays keeps the last frame until the next one; another `srcObject` empties the element first. The old track is
// removed before the new one is added: with two tracks, Chromium keeps showing the first.
function show(element: MediaElement, track: MediaStreamTrack): void {
  const playing = element.srcObject;
  if (!(playing instanceof MediaStream)) {
    element.srcObject = new MediaStream([track]);
    return;
  }
  for (const one of playing.getTracks()) if (one !== track) playing.removeTrack(one);
  playing.addTrack(track);
}
