import type { SendEncoding, SendPlan } from '../media/send-plan.ts';

/** Whether both plans send the same layers, so that one can become the other without new streams. */
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
 * `wanted` as nearly as the streams of `sent` can do it: one setting for each of them. The last one always carries the full
 * picture, so that whoever receives the best layer sees it at once. Of too many streams only that one stays on: Chromium sends
 * a stream above the number that it takes for a picture's size only if none below it is active (libwebrtc,
 * `FindRequiredActiveLayers`). Of too few the lowest layers are left out. How many layers are inside of a stream cannot change.
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
