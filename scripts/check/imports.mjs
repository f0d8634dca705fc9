import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { FOUNDATIONS, LAYERS, SIMULATIONS, VENDORS } from './rules.mjs';
import { isMisplaced, isTest, isTestCode, isTesting } from './test-code.mjs';

/**
 * What is wrong with one file's import, in words, or `undefined`.
 * @param {{ file: string, specifier: string, packages: Map<string, { folder: string, dependencies: Set<string> }> }} use
 *   `file`: path from the root. `packages`: our packages by name.
 */
export function violation({ file, specifier, packages }) {
  const own = [...packages.values()].find(({ folder }) => file.startsWith(`${folder}/`));
  if (!own || isBuiltin(specifier)) return undefined;
  const mayUseFakes = isTestCode(file) || SIMULATIONS.some((folder) => file.startsWith(folder));
  if (!mayUseFakes && leadsToTestCode(file, specifier)) {
    return `is test code; production code must not need it`;
  }
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file), specifier);
    return target.startsWith(`${own.folder}/`)
      ? undefined
      : `leaves its package; import it by the package's name`;
  }
  const name = packageName(specifier);
  const ours = packages.get(name);
  return (
    (ours ? ourViolation(own, ours, specifier, name) : vendorViolation(file, own, name)) ??
    (own.dependencies.has(name) || isDevelopmentTool(file, name)
      ? undefined
      : `is not in ${own.folder}/package.json`)
  );
}

function leadsToTestCode(file, specifier) {
  if (!specifier.startsWith('.')) return /^@skein\/[^/]+\/testing(?:\/|$)/.test(specifier);
  const target = posix.join(posix.dirname(file), specifier);
  return isTest(target) || isTesting(target) || isMisplaced(target);
}

function ourViolation(own, target, specifier, name) {
  if (specifier !== name && !target.exports.has(`.${specifier.slice(name.length)}`)) {
    return `is not among the exports of ${name}`;
  }
  const [layer] = own.folder.split('/');
  const [targetLayer] = target.folder.split('/');
  if (!LAYERS[layer].includes(targetLayer)) return `${layer} must not import ${targetLayer}`;
  const allowed = FOUNDATIONS[own.folder];
  if (allowed && !allowed.includes(target.folder))
    return `${own.folder} may import only ${allowed.join(', ') || 'nothing of ours'}`;
  return undefined;
}

function vendorViolation(file, own, name) {
  const vendor = VENDORS.find((entry) => entry.name === name);
  if (!vendor) return undefined;
  if (!vendor.owners.includes(own.folder))
    return `belongs to ${vendor.owners.join(', ')}; use what that offers`;
  // A test of an adapter asks the real server what the adapter left there.
  if (vendor.anywhere || isTest(file) || isTesting(file) || /\/(adapters|generated)\//.test(file))
    return undefined;
  return `is a vendor: it is imported only in an adapters/ folder`;
}

/** Tests and build scripts may use what the root's devDependencies bring. */
function isDevelopmentTool(file, name) {
  if (file.endsWith('.mjs') || isTestCode(file)) return ['vitest', 'esbuild', 'fast-check'].includes(name);
  // The test kit's contract suites are written with the runner.
  return name === 'vitest' && file.startsWith('libs/testkit/');
}

function packageName(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
