import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from './npm.mjs';
import { root } from './paths.mjs';

/** `npm ci` when what is installed is not what `package-lock.json` names. */
export function npmPackagesStep() {
  return {
    name: 'npm packages',
    check: () => {
      const wanted = readJson(join(root, 'package-lock.json'));
      // npm writes this file last, so a broken-off installation has none.
      const installed = readJson(join(root, 'node_modules', '.package-lock.json'));
      const missing = missingPackages(wanted, installed);
      return missing.length === 0
        ? undefined
        : `installing (${missing.length} missing or of another version)`;
    },
    // Install scripts are off (.npmrc): mediasoup's would download or build the worker, which has a step of its own.
    run: () => runNpm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], root),
  };
}

/** The paths of the packages that `wanted` (a lockfile) names and `installed` (npm's record) lacks or has otherwise. */
export function missingPackages(wanted, installed) {
  const present = installed?.packages ?? {};
  return Object.entries(wanted.packages)
    .filter(([path]) => path.startsWith('node_modules/') || path.includes('/node_modules/'))
    .filter(([path, entry]) => !isInstalled(entry, present[path]))
    .map(([path]) => path);
}

function isInstalled(wanted, present) {
  // An optional package of another platform is never there.
  if (!present) return wanted.optional === true;
  return (
    wanted.version === present.version &&
    wanted.integrity === present.integrity &&
    wanted.link === present.link
  );
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
