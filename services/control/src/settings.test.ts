import { readFileSync } from 'node:fs';
import { describeSettings, readConfig } from '@skein/runtime';
import { expect, test } from 'vitest';
import { defaultBrake } from './failure-detection/eviction-limit.ts';
import { defaultDetection } from './failure-detection/verdict.ts';
import { controlSettings, detectionOf } from './settings.ts';

test('docs/configuration.md shows every setting of control as it is', () => {
  const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  const section = page.split(/^## /m).find((one) => one.startsWith('Control\n'));
  const tables = section?.match(/^\|.*\|$(?:\n\|.*\|$)*/gm);
  expect(tables).toEqual([describeSettings(controlSettings)]);
});

test('without settings, deaths are found by the defaults', () => {
  const { detection, brake } = detectionOf(readConfig(controlSettings, {}));
  expect(detection).toEqual(defaultDetection);
  expect(brake).toEqual(defaultBrake);
  expect(detectionOf({})).toEqual({ detection, brake });
});

test('a node that others hear is kept for longer than it takes to suspect it: else it is refused by name', () => {
  const config = readConfig(controlSettings, {
    SKEIN_CONTROL_SUSPECT_AFTER_MS: '5000',
    SKEIN_CONTROL_HEARD_BY_OTHERS_MS: '5000',
  });
  expect(() => detectionOf(config)).toThrowError(
    'SKEIN_CONTROL_HEARD_BY_OTHERS_MS="5000" cannot work: it must be more than SKEIN_CONTROL_SUSPECT_AFTER_MS, which is 5000',
  );
});
