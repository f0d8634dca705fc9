/**
 * Whether a capture delivers media. `interrupted`: the system or the browser has muted it (a phone call, a privacy switch, a
 * closed lid), and may unmute it again. `ended` is final.
 */
export type CaptureState = 'live' | 'interrupted' | 'ended';

export function captureStateOf({ readyState, muted }: MediaStreamTrack): CaptureState {
  if (readyState === 'ended') return 'ended';
  return muted ? 'interrupted' : 'live';
}

/** Calls `changed` on `mute`, `unmute` and `ended` of the capture until disposed. `MediaStreamTrack.stop()` fires none of them. */
export function watchCapture(
  capture: MediaStreamTrack,
  changed: (event: 'mute' | 'unmute' | 'ended') => void,
): Disposable {
  const listener = ({ type }: Event): void => changed(type as (typeof events)[number]);
  const events = ['mute', 'unmute', 'ended'] as const;
  for (const event of events) capture.addEventListener(event, listener);
  return {
    [Symbol.dispose]: () => {
      for (const event of events) capture.removeEventListener(event, listener);
    },
  };
}
