import { expect, it } from 'vitest';
import { FrameAssembler, type Arrived, type FramePart } from './frame-assembler.ts';

const KEY: FramePart = { start: 'key-frame', marker: true };
const FRAME: FramePart = { start: 'frame', marker: true };

function feed(assembler: FrameAssembler, parts: readonly (readonly [number, FramePart])[]): Arrived[] {
  return parts.map(([sequence, part]) => assembler.packet(sequence, part));
}

it('waits for what is missing, and takes what waited with it', () => {
  const assembler = new FrameAssembler();
  expect(
    feed(assembler, [
      [1, KEY],
      [3, FRAME],
      [5, FRAME],
    ]),
  ).toEqual(['key-frame', 'nothing', 'nothing']);
  expect(assembler.missing).toEqual([2, 4]);
  expect(assembler.decodable).toBe(false);
  expect(
    feed(assembler, [
      [4, FRAME],
      [2, FRAME],
    ]),
  ).toEqual(['nothing', 'frame']);
  expect(assembler.missing).toEqual([]);
  expect(assembler.decodable).toBe(true);
  expect(assembler.ended).toEqual({ frames: 5, keyFrames: 1 });
});

it('resumes with a key frame, and ignores the packets before it', () => {
  const assembler = new FrameAssembler();
  expect(
    feed(assembler, [
      [1, KEY],
      [3, FRAME],
      [5, KEY],
      [2, FRAME],
      [6, FRAME],
    ]),
  ).toEqual(['key-frame', 'nothing', 'key-frame', 'nothing', 'frame']);
});

it('waits within a key frame too', () => {
  const assembler = new FrameAssembler();
  expect(
    feed(assembler, [
      [7, { start: 'key-frame', marker: false }],
      [9, { start: 'none', marker: true }],
      [8, { start: 'none', marker: false }],
    ]),
  ).toEqual(['nothing', 'nothing', 'key-frame']);
});

it('gives up what stays missing for long, and waits for a key frame then', () => {
  const assembler = new FrameAssembler();
  assembler.packet(0, KEY);
  for (let sequence = 2; sequence < 200; sequence++)
    expect(assembler.packet(sequence, FRAME)).toBe('nothing');
  expect(assembler.missing).toEqual([]);
  expect(assembler.decodable).toBe(false);
  expect(assembler.packet(200, KEY)).toBe('key-frame');
  expect(assembler.decodable).toBe(true);
});

it('forgets everything when the stream restarts', () => {
  const assembler = new FrameAssembler();
  feed(assembler, [
    [1000, KEY],
    [1002, FRAME],
  ]);
  assembler.restart();
  expect(assembler.missing).toEqual([]);
  expect(
    feed(assembler, [
      [10, FRAME],
      [11, KEY],
    ]),
  ).toEqual(['nothing', 'key-frame']);
});
