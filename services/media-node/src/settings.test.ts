import { readFileSync } from 'node:fs';
import { describeSettings } from '@skein/runtime';
import { expect, it } from 'vitest';
import { mediaNodeSettings } from './settings.ts';

it('docs/configuration.md shows every setting of the media node as it is', () => {
  const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  const section = page.split(/^## /m).find((one) => one.startsWith('Media node\n'));
  const tables = section?.match(/^\|.*\|$(?:\n\|.*\|$)*/gm);
  expect(tables).toEqual([describeSettings(mediaNodeSettings)]);
});
