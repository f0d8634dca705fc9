import { expect, it } from 'vitest';
import { readable } from './table.ts';

it('a result reads as one line for each figure, and lists as tables', () => {
  const result = {
    form: 'long',
    answerMs: { p50: 4.5, p99: 12 },
    rates: [
      { joinsPerSecond: 10, answerMs: { p50: 4 } },
      { joinsPerSecond: 100, answerMs: { p50: 12.5 } },
    ],
  };
  expect(readable(result)).toBe(
    [
      'form: long',
      'answerMs: p50 4.5, p99 12',
      '',
      'rates',
      '  joinsPerSecond  answerMs.p50',
      '              10             4',
      '             100          12.5',
      '',
    ].join('\n'),
  );
});
