import { expect, it } from 'vitest';
import { statusTable } from './status-table.ts';

it('shows the state, the process id and the address of each process in columns', () => {
  const table = statusTable([
    {
      name: 'redis',
      status: { status: 'ready', pid: 7 },
      address: 'redis://127.0.0.1:1',
      logFile: undefined,
    },
    {
      name: 'gateway-1',
      status: { status: 'exited', exit: { code: 3, signal: null } },
      address: 'x',
      logFile: 'l',
    },
  ]);
  expect(table.split('\n')).toEqual([
    'process    state                   pid  address',
    'redis      ready                   7    redis://127.0.0.1:1',
    'gateway-1  ended with exit code 3  -    x',
  ]);
});
