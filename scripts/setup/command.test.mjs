import { describe, expect, it } from 'vitest';
import { findProgram, run } from './command.mjs';

const node = (script, options) => run(process.execPath, ['-e', script], options);

describe('run', () => {
  it('run hands over each line of both streams, also those that arrive in pieces', async () => {
    const lines = [];
    const script = `process.stdout.write('on'); process.stdout.write('e\\ntwo\\n'); process.stderr.write('three');`;
    await node(script, { onLine: (line) => lines.push(line) });
    expect(new Set(lines)).toEqual(new Set(['one', 'two', 'three']));
  });

  it('run fails with the command, its exit code and its last lines', async () => {
    const failure = node(`for (let n = 1; n <= 100; n++) console.log('line ' + n); process.exitCode = 4;`);
    await expect(failure).rejects.toMatchObject({ name: 'UserError', exitCode: 1 });
    await expect(failure).rejects.toThrow(/failed with exit code 4\n {2}line 76\n[^]*line 100$/);
  });

  it('run fails for a program that is not there', async () => {
    await expect(run('/no/such/program', [])).rejects.toThrow(/^\/no\/such\/program could not be started/);
  });
});

describe('findProgram', () => {
  it("findProgram looks in PATH and in the system's folders of servers", () => {
    expect(findProgram('sh')).toMatch(/\/sh$/);
    expect(findProgram('no-such-program')).toBeUndefined();
    expect(findProgram('sh', { PATH: '/nowhere' })).toBeUndefined();
  });
});
