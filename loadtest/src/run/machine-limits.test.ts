import { describe, expect, it } from 'vitest';
import { machineLimits } from './machine-limits.ts';

const outOfFiles = { code: 'OUT_OF_FILE_HANDLES', count: 3, message: 'raise `ulimit -n`' };
const timedOut = { code: 'DEADLINE_EXCEEDED', count: 20, message: 'no answer' };
const warning = 'about 304 open files are needed in one process and 64 are allowed: raise `ulimit -n`';

describe('a machine at its limit', () => {
  it('makes a run not whole, whatever its thresholds', () => {
    expect(machineLimits([outOfFiles], [], [])).toEqual(['3 joins failed: raise `ulimit -n`']);
    expect(machineLimits([], [outOfFiles], [])).toEqual(['3 peers were in trouble: raise `ulimit -n`']);
  });

  it('is suspected when joins failed after a warning', () => {
    const [line] = machineLimits([timedOut], [], [warning]);
    expect(line).toBe(`20 joins failed, which may be this machine's doing: ${warning}`);
  });

  it('is not what failed where nothing was short, nor a warning that came to nothing', () => {
    expect(machineLimits([timedOut], [timedOut], [])).toEqual([]);
    expect(machineLimits([], [timedOut], [warning])).toEqual([]);
  });
});
