import { expect, it } from 'vitest';
import { SentPackets } from './sent-packets.ts';

it('finds what was sent lately, over the wrap of sequence numbers', () => {
  const sent = new SentPackets();
  for (let index = 0; index < 400; index++) {
    const sequence = (65_400 + index) & 0xffff;
    sent.note(
      { sequence, timestamp: 2 ** 31 + index, sentAtMs: 0.5 + index },
      { frame: index, part: 1, pictureId: 9 },
    );
  }
  expect(sent.find(65_400)).toBeUndefined();
  expect(sent.find(65_530)).toBeUndefined();
  expect(sent.find(65_535 - 400)).toBeUndefined();
  expect(sent.find((65_400 + 200) & 0xffff)).toEqual({
    ...{ sequence: 64, timestamp: 2 ** 31 + 200, sentAtMs: 200.5 },
    ...{ frame: 200, part: 1, pictureId: 9 },
  });
  expect(sent.find(5_000)).toBeUndefined();
});
