import { readFileSync } from 'node:fs';
import { describeSettings } from '@skein/runtime';
import { expect, it } from 'vitest';
import { gatewaySettings } from './settings.ts';

it('docs/configuration.md shows every setting of the gateway as it is', () => {
  const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  const section = page.split(/^## /m).find((one) => one.startsWith('Gateway\n'));
  const tables = section?.match(/^\|.*\|$(?:\n\|.*\|$)*/gm);
  expect(tables).toEqual([describeSettings(gatewaySettings)]);
});
