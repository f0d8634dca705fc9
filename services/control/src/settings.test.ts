import { readFileSync } from 'node:fs';
import { describeSettings, readConfig } from '@skein/runtime';
import { expect, it } from 'vitest';
import { defaultEvictionLimit } from './failure-detection/eviction-limit.ts';
import { defaultDetection } from './failure-detection/verdict.ts';
import { controlSettings, detectionOf } from './settings.ts';

it('docs/configuration.md shows every setting of control as it is', () => {
  const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  const section = page.split(/^## /m).find((one) => one.startsWith('Control\n'));
  const tables = section?.match(/^\|.*\|$(?:\n\|.*\|$)*/gm);
  expect(tables).toEqual([describeSettings(controlSettings)]);
});

it('without settings, deaths are found by the defaults', () => {
  const { detection, evictionLimit } = detectionOf(readConfig(controlSettings, {}));
  expect(detection).toEqual(defaultDetection);
  expect(evictionLimit).toEqual(defaultEvictionLimit);
  expect(detectionOf({})).toEqual({ detection, evictionLimit });
});

it('SKEIN_CONTROL_HEARD_BY_OTHERS_MS must exceed SKEIN_CONTROL_SUSPECT_AFTER_MS', () => {
  const config = readConfig(controlSettings, {
    SKEIN_CONTROL_SUSPECT_AFTER_MS: '5000',
    SKEIN_CONTROL_HEARD_BY_OTHERS_MS: '5000',
  });
  expect(() => detectionOf(config)).toThrowError(
    'SKEIN_CONTROL_HEARD_BY_OTHERS_MS="5000" cannot work: it must be more than SKEIN_CONTROL_SUSPECT_AFTER_MS, which is 5000',
  );
});
