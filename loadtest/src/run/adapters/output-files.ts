import {
  accessSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Where the user was when they called npm: it runs its scripts in the project's folder. */
export function startFolder(): string {
  return process.env['INIT_CWD'] ?? process.cwd();
}

/** Throws, in words, when `file` could not be written: better now than after an hour. What it holds stays. */
export function assertWritable(file: string, folder: string): void {
  const path = resolve(folder, file);
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory()) throw new Error('it is a folder');
    if (!there) accessSync(dirname(path), constants.W_OK);
    // Permissions alone do not tell of a file system that is mounted read-only, or of a program that runs.
    else if (there.isFile()) closeSync(openSync(path, constants.O_WRONLY));
    // The reader of a pipe would take its opening and closing for the end.
    else accessSync(path, constants.W_OK);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : (error as Error).message;
    throw new Error(`${file} cannot be written: ${why}`, { cause: error });
  }
}

export function writeText(file: string, folder: string, text: string): void {
  writeFileSync(resolve(folder, file), text);
}

/** A new folder for the logs of a cluster. */
export function logFolder(): string {
  return mkdtempSync(join(tmpdir(), 'skein-loadtest-'));
}

export function dropFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
