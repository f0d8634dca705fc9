import { expect, it } from 'vitest';
import { KeyFrameRequests } from './key-frame-requests.ts';

it('meets a request, drops those of the next 300 ms, and meets the one after them', () => {
  const requests = new KeyFrameRequests();
  expect([0, 1, 299, 300, 599, 600].map((nowMs) => requests.take(nowMs))).toEqual([
    ...[true, false, false],
    ...[true, false, true],
  ]);
});
