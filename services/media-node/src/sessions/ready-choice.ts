import { limits, type Track, type TrackSource } from '@skein/protocol';

/** Speech first, then presentations. */
const ORDER: Readonly<Record<TrackSource, number>> = {
  microphone: 0,
  'screen-audio': 1,
  screen: 2,
  camera: 3,
};

/**
 * The tracks that `open` subscribes a session to: at most `limits.subscriptionsPerAnswer` of those that it can receive,
 * microphones first, else in the order of the room. The bound keeps the cost of a join independent of the room's size.
 */
export function chooseReady(
  tracks: Iterable<Track>,
  { canReceive }: { readonly canReceive: (track: Track) => boolean },
): readonly Track[] {
  return [...tracks]
    .filter(canReceive)
    .sort((one, other) => ORDER[one.source] - ORDER[other.source])
    .slice(0, limits.subscriptionsPerAnswer);
}

/** How many of `items`, from the first on, fit into one answer as JSON. At least one, if there is one. */
export function fittingCount(
  items: readonly unknown[],
  limitBytes = limits.subscriptionBytesPerAnswer,
): number {
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
    if (bytes > limitBytes && index > 0) return index;
  }
  return items.length;
}
