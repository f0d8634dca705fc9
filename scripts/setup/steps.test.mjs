import { describe, expect, it } from 'vitest';
import { createProgress, formatDuration } from './progress.mjs';
import { runSteps } from './steps.mjs';

function recorder() {
  const lines = [];
  return { lines, progress: createProgress({ write: (text) => lines.push(text.trimEnd()) }) };
}

function clock() {
  let now = 0;
  return { now: () => now, pass: (ms) => (now += ms) };
}

describe('runSteps', () => {
  it('steps run in order, each with the time it took', async () => {
    const { lines, progress } = recorder();
    const time = clock();
    const steps = [
      { name: 'npm packages', check: () => 'installing', run: () => void time.pass(16_234) },
      { name: 'worker', check: async () => 'building', run: async () => void time.pass(271_000) },
    ];
    expect(await runSteps(steps, progress, time.now)).toEqual(['npm packages', 'worker']);
    expect(lines).toEqual([
      '… npm packages: installing',
      '✓ npm packages (16.2 s)',
      '… worker: building',
      '✓ worker (4 min 31 s)',
      '✓ set up in 4 min 47 s',
    ]);
  });

  it('steps with nothing to do print nothing', async () => {
    const { lines, progress } = recorder();
    const done = { name: 'done', check: () => undefined, run: () => expect.unreachable() };
    expect(await runSteps([done], progress)).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('steps stop at the first failure', async () => {
    const { progress } = recorder();
    const failing = { name: 'a', check: () => 'x', run: () => Promise.reject(new Error('no network')) };
    const next = { name: 'b', check: () => 'x', run: () => expect.unreachable() };
    await expect(runSteps([failing, next], progress)).rejects.toThrow('no network');
  });
});

describe('createProgress', () => {
  it('progress prints one line per tenth where there is no terminal', () => {
    const { lines, progress } = recorder();
    progress.begin('worker', 'building');
    for (let done = 1; done <= 280; done++) progress.update(`compiling ${done}/280`, done / 280);
    expect(lines).toHaveLength(12);
    expect(lines.at(-1)).toBe('  compiling 280/280');
  });
});

describe('formatDuration', () => {
  it.each([
    [12.4, '12 ms'],
    [16_234, '16.2 s'],
    [271_400, '4 min 31 s'],
  ])('shows %d ms as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});
