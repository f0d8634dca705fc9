import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@skein/runtime';
import { repositoryRoot } from './services.ts';

const KEPT_RUNS = 10;

/** Makes a folder for the logs of one run, named by the time; those of the last ten runs are kept. */
export function newLogDir(): string {
  const parent = join(repositoryRoot, '.cache', 'logs');
  mkdirSync(parent, { recursive: true });
  const older = readdirSync(parent).sort().reverse();
  for (const name of older.slice(KEPT_RUNS - 1)) rmSync(join(parent, name), { recursive: true, force: true });
  const folder = join(parent, new Date(systemClock.now()).toISOString().replace(/[:.]/g, '-'));
  mkdirSync(folder, { recursive: true });
  return folder;
}
