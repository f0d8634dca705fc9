import { expect, it } from 'vitest';
import { formatDuration, parseDurationMs } from './duration.ts';

it.each([
  ['500ms', 500],
  ['1.5s', 1500],
  ['90s', 90_000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  [' 2 h ', 7_200_000],
  ['10', undefined],
  ['', undefined],
  ['s', undefined],
  ['-1s', undefined],
  ['.5s', undefined],
  ['1e3s', undefined],
  ['10min', undefined],
  ['1 day', undefined],
])('the duration %j is %s ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

it.each([
  [0, '0 ms'],
  [20, '20 ms'],
  [999.7, '1 s'],
  [30_000, '30 s'],
  [59_999, '1 min'],
  [150_000, '2 min 30 s'],
  [3_900_000, '1 h 5 min'],
])('%d ms are shown as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
