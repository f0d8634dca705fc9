import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readModule } from './source.mjs';

/** Made by tools, or kept in a form that is not ours. */
const LEFT_OUT = new Set(['node_modules', 'dist', '.cache', 'generated']);

/**
 * Our packages, and every module of them, read once.
 * @param {string} root the folder with the package.json that names the workspaces
 */
export function readTree(root) {
  const packages = readPackages(root);
  const modules = new Map();
  for (const { folder } of packages.values()) {
    for (const file of filesBelow(root, folder)) {
      if (!/\.(?:ts|mjs)$/.test(file)) continue;
      const source = readFileSync(join(root, file), 'utf8');
      modules.set(file, { source, facts: readModule(file, source) });
    }
  }
  return { packages, modules };
}

/** The modules of one package, by path below its sources. */
export function modulesOf(folder, { modules }) {
  const inSrc = [...modules.keys()].some((file) => file.startsWith(`${folder}/src/`));
  const base = inSrc ? `${folder}/src/` : `${folder}/`;
  return new Map(
    [...modules]
      .filter(([file]) => file.startsWith(base))
      .map(([file, { facts }]) => [file.slice(base.length), facts]),
  );
}

function readPackages(root) {
  const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
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

function filesBelow(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return LEFT_OUT.has(entry.name) ? [] : filesBelow(root, path);
  });
}
