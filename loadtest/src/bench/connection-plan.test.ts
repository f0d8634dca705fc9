import { expect, it } from 'vitest';
import { sourceAddress, whyTooMany } from './connection-plan.ts';

it('many sockets come from several addresses of the loopback', () => {
  expect(sourceAddress(0)).toBe('127.0.0.2');
  expect(sourceAddress(3999)).toBe('127.0.0.2');
  expect(sourceAddress(4000)).toBe('127.0.0.3');
  expect(new Set(Array.from({ length: 10_000 }, (_, at) => sourceAddress(at))).size).toBe(3);
});

it('too low a limit of open files is reported with its remedy', () => {
  expect(whyTooMany(10_000, 20_000)).toBeUndefined();
  expect(whyTooMany(10_000, undefined)).toBeUndefined();
  expect(whyTooMany(10_000, 1024)).toBe(
    '10000 connections need 10200 open files, and the limit is 1024: raise it with `ulimit -n 10200`',
  );
});
