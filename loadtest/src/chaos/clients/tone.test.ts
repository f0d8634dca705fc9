import { expect, it } from 'vitest';
import { TONE_MS, ToneMeter, toneSamples } from './tone.ts';

const RATE = 48_000;
const CHUNK = RATE / 50;

/** When the tone changed, with what `play` makes of each 20 ms of the sound. */
function changesIn(ms: number, play: (chunk: Float32Array, atMs: number) => Float32Array): number[] {
  const loop = toneSamples(RATE);
  const meter = new ToneMeter(RATE);
  const times: number[] = [];
  for (let at = 0; at < (ms * RATE) / 1000; at += CHUNK) {
    const chunk = Float32Array.from({ length: CHUNK }, (_, index) => loop[(at + index) % loop.length] ?? 0);
    const atMs = (at * 1000) / RATE;
    if (meter.changes(play(chunk, atMs))) times.push(atMs);
  }
  return times;
}

const longest = (times: readonly number[]): number =>
  Math.max(...times.slice(1).map((time, at) => time - (times[at] ?? 0)));

it('hears each change of the tone', () => {
  expect(longest(changesIn(2_000, (chunk) => chunk))).toBe(TONE_MS);
});

it('hears it at another offset and at half the volume, too', () => {
  const offset = new ToneMeter(RATE);
  offset.changes(new Float32Array(137));
  let heard = 0;
  const loop = toneSamples(RATE).map((sample) => sample / 2);
  for (let round = 0; round < 10; round++) if (offset.changes(loop)) heard++;
  expect(heard).toBe(10);
});

it('hears nothing in silence', () => {
  expect(changesIn(1_000, (chunk) => chunk.fill(0))).toEqual([]);
});

it('does not take a concealed loss for sound, as a tone that is repeated and fades', () => {
  let kept: Float32Array = new Float32Array(CHUNK);
  const times = changesIn(2_000, (chunk, atMs) => {
    if (atMs < 800 || atMs >= 1_300) return (kept = chunk);
    return kept.map((sample) => sample * Math.exp(-(atMs - 800) / 100));
  });
  expect(longest(times)).toBeGreaterThanOrEqual(500);
});

it('sees a gap of 200 ms as one of 200 to 280 ms', () => {
  const times = changesIn(2_000, (chunk, atMs) => (atMs < 810 || atMs >= 1_010 ? chunk : chunk.fill(0)));
  expect(longest(times)).toBeGreaterThanOrEqual(200);
  expect(longest(times)).toBeLessThanOrEqual(200 + 2 * TONE_MS);
});
