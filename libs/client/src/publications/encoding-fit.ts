import type { SendEncoding, SendPlan } from '../media/send-plan.ts';

/** Whether both plans send the same layers, so that one can replace the other without new streams. */
export function haveSameLayers(one: SendPlan, other: SendPlan): boolean {
  return (
    one.encodings.length === other.encodings.length &&
    one.encodings.every(
      ({ scalabilityMode }, index) => scalabilityMode === other.encodings[index]?.scalabilityMode,
    )
  );
}

export function isSamePlan(one: SendPlan, other: SendPlan): boolean {
  return (
    haveSameLayers(one, other) &&
    one.encodings.every(
      ({ maxBitrate, maxFramerate, scaleResolutionDownBy }, index) =>
        maxBitrate === other.encodings[index]?.maxBitrate &&
        maxFramerate === other.encodings[index].maxFramerate &&
        scaleResolutionDownBy === other.encodings[index].scaleResolutionDownBy,
    )
  );
}

/**
 * Approximates `wanted` with the streams of `sent`: one setting for each stream. The last stream always carries the full picture,
 * so that receivers of the best layer see it at once. If there are more streams than wanted layers, only the last one stays
 * active: Chromium sends a stream above the number that it uses for a picture's size only if none below it is active (libwebrtc,
 * `FindRequiredActiveLayers`). If there are fewer, the lowest layers are left out. The number of layers inside a stream is fixed.
 */
export function fitEncodings(sent: SendPlan, wanted: SendPlan): readonly SendEncoding[] {
  const count = sent.encodings.length;
  const best = wanted.encodings.length < count ? wanted.encodings.slice(-1) : wanted.encodings.slice(-count);
  return sent.encodings.map((encoding, index) => {
    const setting = best[index - count + best.length];
    if (!setting) return { ...encoding, active: false };
    const { maxBitrate, maxFramerate, scaleResolutionDownBy } = setting;
    const { scalabilityMode } = encoding;
    return {
      maxBitrate,
      ...(maxFramerate !== undefined && { maxFramerate }),
      ...(scaleResolutionDownBy !== undefined && { scaleResolutionDownBy }),
      ...(scalabilityMode !== undefined && { scalabilityMode }),
    };
  });
}
