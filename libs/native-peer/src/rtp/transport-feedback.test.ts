import { describe, expect, it } from 'vitest';
import { TransportFeedback } from './transport-feedback.ts';

const TICKS_PER_MS = 2 ** 18 / 1000;

function sendTime(ms: number): number {
  return Math.round(ms * TICKS_PER_MS) & 0xffffff;
}

interface Read {
  readonly base: number;
  /** Arrival of each packet in ms since the first one; undefined: not received. */
  readonly atMs: (number | undefined)[];
}

/** Reads a feedback as a server does. */
function read(packet: Buffer): Read {
  const base = packet.readUInt16BE(12);
  const count = packet.readUInt16BE(14);
  const symbols: number[] = [];
  let at = 20;
  for (; symbols.length < count; at += 2) {
    const chunk = packet.readUInt16BE(at);
    expect(chunk >> 14).toBe(3);
    for (let index = 6; index >= 0 && symbols.length < count; index--)
      symbols.push((chunk >> (2 * index)) & 3);
  }
  let ticks = 0;
  let firstTicks: number | undefined;
  const atMs = symbols.map((symbol) => {
    if (symbol === 0) return undefined;
    ticks += symbol === 1 ? packet.readUInt8(at) : packet.readInt16BE(at);
    at += symbol;
    firstTicks ??= ticks;
    return (ticks - firstTicks) / 4;
  });
  expect(packet.length).toBe((packet.readUInt16BE(2) + 1) * 4);
  expect(packet.length - at).toBeLessThan(4);
  return { base, atMs };
}

function feedbackOf(
  packets: readonly (readonly [number, number])[],
  feedback = new TransportFeedback(),
): Read {
  for (const [sequence, ms] of packets) feedback.record(sequence & 0xffff, sendTime(ms));
  const packet = feedback.take(1, 2);
  if (!packet) throw new Error('no feedback');
  return read(packet);
}

describe('feedback', () => {
  it('tells what came when, and what did not', () => {
    const told = feedbackOf([
      ...([
        [10, 1000],
        [11, 1005],
        [13, 1100],
        [14, 1100.5],
      ] as const),
    ]);
    expect(told).toEqual({ base: 10, atMs: [0, 5, undefined, 100, 100.5] });
  });

  it('continues where the last one ended, over both wraps', () => {
    const feedback = new TransportFeedback();
    feedbackOf([[65_534, 63_990]], feedback);
    const told = feedbackOf(
      [
        [65_536, 64_010],
        [65_537, 64_030],
      ],
      feedback,
    );
    expect(told).toEqual({ base: 65_535, atMs: [undefined, 0, 20] });
  });

  it('puts packets that overtook each other in order', () => {
    expect(
      feedbackOf([
        [2, 20],
        [1, 10],
        [3, 30],
      ]),
    ).toEqual({ base: 2, atMs: [0, 10] });
  });

  it('is silent when nothing came', () => expect(new TransportFeedback().take(1, 2)).toBeUndefined());
});
