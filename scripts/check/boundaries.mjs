import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';
import { importsOf, violation } from './imports.mjs';
import { wallClockReads } from './wall-clock.mjs';

const packages = readPackages();
const found = sourceFiles().flatMap((file) => {
  const source = readFileSync(join(root, file), 'utf8');
  const imports = importsOf(source).flatMap((specifier) => {
    const problem = violation({ file, specifier, packages });
    return problem === undefined ? [] : [`${file}: '${specifier}' ${problem}`];
  });
  const clocks = wallClockReads({ file, source }).map(
    (line) => `${file}:${line}: reads the wall clock; use monotonicMs(), or give a reason in wall-clock.mjs`,
  );
  return [...imports, ...clocks];
});
for (const line of found) console.log(line);
process.exitCode = found.length === 0 ? 0 : 1;

function readPackages() {
  const folders = readJson('package.json').workspaces.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [pattern];
    const layer = pattern.slice(0, -2);
    return readdirSync(join(root, layer)).map((name) => `${layer}/${name}`);
  });
  return new Map(
    folders
      .filter((folder) => existsSync(join(root, folder, 'package.json')))
      .map((folder) => {
        const {
          name,
          dependencies = {},
          devDependencies = {},
          exports = {},
        } = readJson(`${folder}/package.json`);
        const known = new Set(Object.keys({ ...dependencies, ...devDependencies }));
        return [name, { folder, dependencies: known, exports: new Set(Object.keys(exports)) }];
      }),
  );
}

function sourceFiles() {
  return [...packages.values()]
    .flatMap(({ folder }) => filesBelow(folder))
    .filter((file) => /\.(ts|tsx|mjs)$/.test(file));
}

function filesBelow(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return ['node_modules', 'dist'].includes(entry.name) ? [] : filesBelow(path);
  });
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}
