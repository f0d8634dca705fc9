import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { problemText } from '../problems.ts';
import { readScenario } from '../read.ts';
import { ScenarioRefused } from '../refused.ts';
import type { Scenario } from '../schema.ts';
import { suggest } from '../../cli/suggestion.ts';

/** The ready scenarios; this file is at the same depth in `src` and in `dist`. */
const READY = fileURLToPath(new URL('../../../scenarios', import.meta.url));
const LARGEST_BYTES = 1 << 20;

/**
 * Reads a file, or a ready scenario by its name. Relative to `folder`; `seed` in place of its own. Throws `ScenarioRefused`.
 */
export function loadScenario(nameOrFile: string, folder: string, seed?: number): Scenario {
  const file = readyNames().includes(nameOrFile)
    ? join(READY, `${nameOrFile}.yaml`)
    : resolve(folder, nameOrFile);
  const read = readScenario(textOf(file, nameOrFile), seed);
  if (read.kind === 'scenario') return read.scenario;
  const lines = read.problems.map((problem) => `${nameOrFile}: ${problemText(problem)}`);
  throw new ScenarioRefused(lines.join('\n'));
}

/** The ready scenarios, in the order of their names. */
export function readyScenarios(): Scenario[] {
  return readyNames().map((name) => loadScenario(name, READY));
}

function readyNames(): string[] {
  return readdirSync(READY)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort((one, other) => one.localeCompare(other));
}

function textOf(file: string, nameOrFile: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.length > LARGEST_BYTES)
      throw new ScenarioRefused(`${nameOrFile} is no scenario: it is too large`);
    return text;
  } catch (error) {
    if (error instanceof ScenarioRefused) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code !== 'ENOENT') throw new ScenarioRefused(`${nameOrFile} cannot be read (${code})`);
    const ready = readyNames();
    const meant = suggest(basename(nameOrFile, '.yaml'), ready);
    const hint = meant ? `did you mean ${meant}?` : `the ready scenarios are ${ready.join(', ')}`;
    throw new ScenarioRefused(`there is no scenario ${nameOrFile}; ${hint}`);
  }
}
