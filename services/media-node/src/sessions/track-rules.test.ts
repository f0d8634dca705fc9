import { expect, it } from 'vitest';
import { priorityOf } from './track-rules.ts';

it('a shared screen gets layers before cameras do', () => {
  expect(priorityOf('screen')).toBeGreaterThan(1);
  expect(priorityOf('camera')).toBeUndefined();
});
