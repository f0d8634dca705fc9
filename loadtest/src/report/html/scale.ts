/** Round values from 0 to at least `most`, about `count` of them; the last one is the top of the axis. */
export function niceTicks(most: number, count = 4): number[] {
  if (!(most > 0) || !Number.isFinite(most)) return [0, 1];
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999) ?? 10 * power;
  const steps = Math.ceil(most / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_, at) => Number((at * step).toPrecision(12)));
}

const TIME_STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** Round times in ms up to `untilMs`, at most `count`. */
export function timeTicks(untilMs: number, count = 7): number[] {
  const stepS =
    TIME_STEPS_S.find((step) => untilMs / 1000 / step <= count) ?? Math.ceil(untilMs / 1000 / count);
  return Array.from({ length: Math.floor(untilMs / 1000 / stepS) + 1 }, (_, at) => at * stepS * 1000);
}

/** `0:05`, `2:30`, `1:04:00`. */
export function clockText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const two = (value: number): string => String(value).padStart(2, '0');
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}
