import { describe, expect, it } from 'vitest';
import { parseWorkerProcess, readWorkerProcess } from './worker-process.ts';

const stat = (state: string): string =>
  `77 (media (worker) 1) ${state} 1 77 77 0 -1 4194560 900 0 3 0 120 30 0 0 20 0 1 0 500 1000 200`;

describe('a process is seen', () => {
  it.each([
    ['R', 'runs'],
    ['S', 'sleeps'],
    ['D', 'blocked'],
    ['T', 'stopped'],
    ['t', 'stopped'],
  ])('%s: it %s', (letter, state) => {
    expect(parseWorkerProcess(stat(letter))).toEqual({ state, cpuMs: 1500 });
  });

  it.each([
    ['is dead', stat('Z')],
    ['has no name', '77 S 1'],
    ['is cut short', '77 (worker) S 1 77'],
    ['is nothing', ''],
  ])('not, when it %s', (_what, text) => {
    expect(parseWorkerProcess(text)).toBeUndefined();
  });

  it('a process is seen as it is now, while it exists', async () => {
    expect(await readWorkerProcess(process.pid)).toMatchObject({ cpuMs: expect.any(Number) });
    expect(await readWorkerProcess(0)).toBeUndefined();
  });
});
