import { expect, it } from 'vitest';
import { judge } from './budgets.ts';
import { forward } from './forward.ts';

it('a good ratio does not pass the check when the machine was the limit', () => {
  const size = { ratioToBareWorker: 1.01, cleanRounds: 8, machineWasLimit: false };
  expect(judge({ sizes: [size] }, forward.budgets).every(({ met }) => met)).toBe(true);
  const limited = { ...size, cleanRounds: 3, machineWasLimit: true };
  expect(judge({ sizes: [size, limited] }, forward.budgets).filter(({ met }) => !met)).toEqual([
    { figure: 'sizes.1.cleanRounds', measured: 3, limit: '>= 4', met: false },
  ]);
});
