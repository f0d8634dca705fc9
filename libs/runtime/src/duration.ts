const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `500ms`, `30s`, `2.5m` or `1h` in whole milliseconds; `undefined` for anything else, such as a number without a unit. */
export function parseDurationMs(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d{1,12}(?:\.\d+)?)\s*(ms|s|m|h)$/.exec(text.trim()) ?? [];
  const unitMs = UNITS_MS[unit];
  if (number === undefined || unitMs === undefined) return undefined;
  return Math.round(Number(number) * unitMs);
}

/** For people, in at most two units: `500 ms`, `30 s`, `2 min 30 s`, `1 h 5 min`. */
export function formatDuration(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  const parts = [
    { value: Math.floor(seconds / 3600), unit: 'h' },
    { value: Math.floor((seconds % 3600) / 60), unit: 'min' },
    { value: seconds % 60, unit: 's' },
  ].filter(({ value }) => value > 0);
  return parts
    .slice(0, 2)
    .map(({ value, unit }) => `${value} ${unit}`)
    .join(' ');
}
