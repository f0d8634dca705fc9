import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readScenario } from './read.ts';
import { scenarioSchema } from './schema.ts';
import { distributions, scalars } from './threshold-schema.ts';

const page = readFileSync(new URL('../../../docs/loadtest.md', import.meta.url), 'utf8');

it('the page names every setting and every figure', () => {
  const group = scenarioSchema.shape.groups.element.shape;
  const names = [scenarioSchema.shape, group, distributions, scalars].flatMap((one) => Object.keys(one));
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

it('the page’s example is a scenario', () => {
  const example = /```yaml\n([^]*?)```/.exec(page)?.[1] ?? '';
  expect(readScenario(example)).toMatchObject({ kind: 'scenario', scenario: { name: 'town-hall' } });
});
