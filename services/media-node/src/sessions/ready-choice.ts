import { limits, type Track, type TrackSource } from '@skein/protocol';

/** Who speaks is heard first, what is presented is seen next. */
const ORDER: Readonly<Record<TrackSource, number>> = {
  microphone: 0,
  'screen-audio': 1,
  screen: 2,
  camera: 3,
};

/**
 * Which tracks a session is subscribed to with its `open`: at most `limits.subscriptionsPerAnswer` of those that it can
 * have, microphones first, else in the order of the room. The bound keeps the cost of a join constant in the room's size.
 */
export function chooseReady(
  tracks: Iterable<Track>,
  { canHave }: { readonly canHave: (track: Track) => boolean },
): readonly Track[] {
  return [...tracks]
    .filter(canHave)
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
