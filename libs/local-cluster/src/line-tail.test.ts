import { describe, expect, it } from 'vitest';
import { LineSplitter, LineTail } from './line-tail.ts';

describe('LineSplitter', () => {
  it('puts lines together that arrive in pieces, and gives the last one at the end', () => {
    const splitter = new LineSplitter();
    expect(splitter.push('one\ntw')).toEqual(['one']);
    expect(splitter.push('o\nthree')).toEqual(['two']);
    expect(splitter.flush()).toEqual(['three']);
    expect(splitter.flush()).toEqual([]);
  });

  it('keeps no more than 16 Ki characters of a line that never ends', () => {
    const splitter = new LineSplitter();
    for (let part = 0; part < 100; part++) expect(splitter.push('x'.repeat(1_000))).toEqual([]);
    expect(splitter.flush()[0]).toHaveLength(16_384);
  });
});

describe('LineTail', () => {
  it('keeps the last lines', () => {
    const tail = new LineTail(2);
    for (const line of ['a', 'b', 'c']) tail.add(line);
    expect(tail.lines()).toEqual(['b', 'c']);
    expect(tail.lines(1)).toEqual(['c']);
  });
});
