import { eventually } from '@skein/testkit';
import { expect, it } from 'vitest';
import { loadClips } from '@skein/native-peer';
import { TONE_MS } from '../../tone.ts';
import { DecodedSound } from './decoded-sound.ts';

const FRAME_MS = 20;
const { audio } = await loadClips();

/** When the tone was heard to change in the packets of a clip, of which `loss` takes some away or changes them. */
async function heard(ms: number, loss: (payload: Uint8Array, atMs: number) => Uint8Array | undefined) {
  const times: number[] = [];
  const sound = new DecodedSound((_id, atMs) => times.push(atMs));
  sound.open('t');
  // Its decoder is WebAssembly, which takes a moment.
  await eventually('the decoder to be ready', () => {
    for (let at = 0; at < 8; at++) hear(sound, at, 0);
    return times.length > 0 ? true : undefined;
  });
  times.length = 0;
  for (let at = 8; at * FRAME_MS < ms; at++) hear(sound, at, at * FRAME_MS, loss);
  sound.close('t');
  return times;
}

function hear(
  sound: DecodedSound,
  at: number,
  atMs: number,
  loss: (payload: Uint8Array, atMs: number) => Uint8Array | undefined = (payload) => payload,
): void {
  const clipped = audio.frames[at % audio.frames.length]?.packets[0]?.payload;
  const payload = clipped && loss(clipped, atMs);
  if (!payload) return;
  const packet = Buffer.alloc(12 + payload.length);
  packet[0] = 0x80;
  packet.writeUInt16BE(at, 2);
  packet.set(payload, 12);
  sound.hear('t', atMs, packet);
}

const longest = (times: readonly number[]): number =>
  Math.max(...times.slice(1).map((time, at) => time - (times[at] ?? 0)));

it('hears the clip that native people send, with each change of its tone', async () => {
  expect(longest(await heard(4_000, (payload) => payload))).toBeLessThanOrEqual(TONE_MS + FRAME_MS);
});

it('sees a gap where packets are missing', async () => {
  const times = await heard(4_000, (payload, atMs) => (atMs >= 2_000 && atMs < 2_300 ? undefined : payload));
  expect(longest(times)).toBeGreaterThanOrEqual(300);
  expect(longest(times)).toBeLessThanOrEqual(300 + 2 * TONE_MS);
});

it('sees a gap where packets come that carry no sound', async () => {
  // A frame of Opus without content (RFC 6716 §3.1): the decoder conceals.
  const empty = (payload: Uint8Array): Uint8Array => payload.subarray(0, 1);
  const times = await heard(4_000, (payload, atMs) =>
    atMs >= 2_000 && atMs < 2_300 ? empty(payload) : payload,
  );
  expect(longest(times)).toBeGreaterThanOrEqual(240);
});

it('takes what is no sound of its own for none', () => {
  expect(new DecodedSound(() => undefined).hear('other', 0, Buffer.alloc(20))).toBe(false);
});
