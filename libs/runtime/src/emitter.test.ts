import { expect, it } from 'vitest';
import { Emitter } from './emitter.ts';

interface Events {
  grew: { by: number };
}

it('a throwing listener is reported and does not keep the others from being called', () => {
  const reported: unknown[] = [];
  const emitter = new Emitter<Events>((error) => reported.push(error));
  const seen: number[] = [];
  emitter.on('grew', () => {
    throw new Error('bad listener');
  });
  emitter.on('grew', ({ by }) => seen.push(by));
  emitter.emit('grew', { by: 2 });
  expect(seen).toEqual([2]);
  expect(reported).toEqual([new Error('bad listener')]);
});

it('a listener may remove itself or add another while it is called', () => {
  const emitter = new Emitter<Events>();
  const seen: string[] = [];
  const first = emitter.on('grew', () => {
    seen.push('first');
    first[Symbol.dispose]();
    emitter.on('grew', () => seen.push('second'));
  });
  emitter.emit('grew', { by: 1 });
  emitter.emit('grew', { by: 1 });
  expect(seen).toEqual(['first', 'second']);
});
