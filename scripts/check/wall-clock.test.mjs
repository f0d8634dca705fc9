import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../setup/paths.mjs';
import { MAY_READ_WALL_CLOCK, wallClockReads } from './wall-clock.mjs';

const file = 'services/media-node/src/pipes/executor.ts';

it.each([
  'registry.failed(pipe, clock.now());',
  'const at = this.#parts.clock.now();',
  'const at = this.#clock.now();',
  'if (systemClock.now() > deadline) {',
  'const { now } = [clock.now];',
])('%s is found', (line) => {
  expect(wallClockReads({ file, source: `const one = 1;\n${line}\n` })).toEqual([2]);
});

it('the monotonic clock, other `now`s, tests and files with a reason are left alone', () => {
  const source = 'clock.monotonicMs(); this.#beats.now(); void this.now();';
  expect(wallClockReads({ file, source })).toEqual([]);
  const reads = 'clock.now()';
  expect(wallClockReads({ file: 'services/control/src/reconciler/sweep.test.ts', source: reads })).toEqual(
    [],
  );
  expect(wallClockReads({ file: 'services/control/src/reconciler/test-world.ts', source: reads })).toEqual(
    [],
  );
  for (const [allowed] of MAY_READ_WALL_CLOCK) {
    expect(wallClockReads({ file: allowed, source: reads })).toEqual([]);
    expect(existsSync(join(root, allowed))).toBe(true);
  }
});
