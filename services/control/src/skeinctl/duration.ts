const unitsMs = { s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `90s`, `10m` or `1h` in milliseconds; `undefined` for anything else. */
export function parseDurationMs(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  return Number(number) * unitsMs[unit as keyof typeof unitsMs];
}
