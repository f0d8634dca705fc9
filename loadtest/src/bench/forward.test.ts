import { expect, it } from 'vitest';
import { judge } from './budgets.ts';
import { forward } from './forward.ts';

const size = { ratioToBareWorker: 1.01, cleanRounds: 8, machineWasLimit: false, leastWorkerShare: 0.4 };
const good = { sizes: [size, size, size], pipedSizes: [size, size, size] };

function unmet(result: typeof good) {
  return judge(result, forward.budgets).filter(({ met }) => !met);
}

it('a good ratio does not pass the check when the machine was the limit', () => {
  expect(unmet(good)).toEqual([]);
  const limited = { ...size, cleanRounds: 3, machineWasLimit: true };
  expect(unmet({ ...good, sizes: [size, limited, size] })).toEqual([
    { figure: 'sizes.1.cleanRounds', measured: 3, limit: '>= 4', met: false },
  ]);
  expect(unmet({ ...good, pipedSizes: [size, size, limited] })).toMatchObject([
    { figure: 'pipedSizes.2.cleanRounds' },
  ]);
});

it('a piped size has its own budget, and the others keep theirs', () => {
  const overBudget = { ...size, ratioToBareWorker: 1.11 };
  expect(unmet({ ...good, sizes: [size, overBudget, size] })).toMatchObject([
    { figure: 'sizes.1.ratioToBareWorker' },
  ]);
  const doubleCost = { ...size, ratioToBareWorker: 2 };
  expect(unmet({ ...good, pipedSizes: [doubleCost, size, size] })).toMatchObject([
    { figure: 'pipedSizes.0.ratioToBareWorker' },
  ]);
});

it('a piped size that ran on one worker after all does not pass the check', () => {
  const lone = { ...size, leastWorkerShare: 0.05 };
  expect(unmet({ ...good, pipedSizes: [size, lone, size] })).toMatchObject([
    { figure: 'pipedSizes.1.leastWorkerShare' },
  ]);
});

it('sizes that were left out are missed', () => {
  expect(unmet({ ...good, pipedSizes: [size, size] })).toMatchObject([
    { figure: 'pipedSizes.2.ratioToBareWorker', measured: null },
  ]);
});
