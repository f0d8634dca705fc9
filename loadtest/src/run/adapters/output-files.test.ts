import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assertWritable } from './output-files.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skein-loadtest-files-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a file that is there and one that is not can be written, and what the first holds stays', () => {
  writeFileSync(join(folder, 'old.json'), 'of the last run');
  assertWritable('old.json', folder);
  assertWritable('new.json', folder);
  expect(readFileSync(join(folder, 'old.json'), 'utf8')).toBe('of the last run');
});

it('a folder, and a file in no folder, cannot', () => {
  expect(() => assertWritable('.', folder)).toThrow('. cannot be written: it is a folder');
  expect(() => assertWritable('none/x.json', folder)).toThrow('none/x.json cannot be written: ENOENT');
});

it('an existing file without write permission is refused, whatever its folder allows', () => {
  // Not even an administrator may write a program that runs.
  expect(() => assertWritable(process.execPath, folder)).toThrow(
    / cannot be written: (ETXTBSY|EACCES|EROFS)$/,
  );
});
