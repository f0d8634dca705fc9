import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from './command.mjs';
import { localCache, root } from './paths.mjs';

const FOLDERS = ['libs', 'services', 'loadtest', 'tests'];
const CONFIGS = ['tsconfig.json', 'tsconfig.build.json', 'tsconfig.tests.json', 'tsconfig.base.json'];
// Left out of the inputs: what builds and tools make.
const MADE = new Set(['dist', 'node_modules', '.cache']);

/**
 * TypeScript, when a source is newer than what was made of it. `config`: `tsconfig.build.json` compiles what runs in production,
 * without tests and test code; `tsconfig.json` the tools too, the fakes that benches simulate a cluster on, and the types of all tests.
 */
export function typescriptStep(config) {
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
  return stampedStep({
    name: config === 'tsconfig.json' ? 'TypeScript' : 'TypeScript (production)',
    what: 'compiling',
    inputs: [...FOLDERS, ...CONFIGS, 'package-lock.json'],
    outputs: compiledFolders(config),
    build: async () => {
      await run(process.execPath, [tsc, '-b', config], { cwd: root });
      for (const dist of compiledFolders(config)) removeStale(join(root, dist), join(root, dist, '../src'));
    },
  });
}

/** The web page, bundled by its own script. */
export function webPageStep() {
  const script = join(root, 'services', 'web', 'build.mjs');
  return stampedStep({
    name: 'web page',
    what: 'bundling',
    inputs: ['services/web', 'libs/client', 'libs/protocol', 'package-lock.json'],
    outputs: ['services/web/dist/index.html'],
    build: async () => {
      if (!existsSync(script)) return;
      const { buildWeb } = await import(pathToFileURL(script).href);
      await buildWeb();
    },
  });
}

/** A build that is left out while its inputs are what they were when it last succeeded and its outputs are there. */
function stampedStep({ name, what, inputs, outputs, build }) {
  const stampFile = join(localCache, 'stamps', name.replace(/\W/g, '-'));
  let stamp;
  return {
    name,
    check: () => {
      stamp = fingerprint(inputs);
      const current = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
      return current && outputs.every((path) => existsSync(join(root, path))) ? undefined : what;
    },
    run: async () => {
      await build();
      mkdirSync(dirname(stampFile), { recursive: true });
      writeFileSync(stampFile, stamp);
    },
  };
}

/** A hash over path, size and time of change of all inputs; contents are left to the builders. */
function fingerprint(inputs) {
  const hash = createHash('sha256');
  const add = (path) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (!stat) return;
    if (!stat.isDirectory()) return void hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\0`);
    for (const name of readdirSync(join(root, path)).sort()) {
      if (!MADE.has(name)) add(join(path, name));
    }
  };
  inputs.forEach(add);
  return hash.digest('hex');
}

/**
 * Removes what the compiler once made of sources that moved since, and of tests, which are not compiled: an import of a file that
 * is gone must fail, and `dist` is what runs in production.
 */
export function removeStale(dist, src) {
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const [, module] = /^(.*?)\.(?:js|d\.ts)(?:\.map)?$/.exec(relative(dist, path)) ?? [];
    if (!entry.isFile() || module === undefined) continue;
    const isFake = module.startsWith('testing/') && !existsSync(join(src, '..', 'tsconfig.testing.json'));
    if (isFake || module.endsWith('.test') || !existsSync(join(src, `${module}.ts`))) rmSync(path);
  }
}

/** Where the compiler puts each package that `config` names. One with a `build.mjs` is bundled by that instead. */
function compiledFolders(config) {
  const { references } = JSON.parse(readFileSync(join(root, config), 'utf8'));
  return references
    .map(({ path }) => path)
    .filter((path) => !path.endsWith('.json') && !existsSync(join(root, path, 'build.mjs')))
    .map((path) => join(path, 'dist'));
}
