import { dialectProblems } from './dialect.mjs';
import { violation } from './imports.mjs';
import { orderProblems } from './order.mjs';
import { fileRings, folderRings } from './rings.mjs';
import { isMisplaced } from './test-code.mjs';
import { modulesOf, readTree } from './tree.mjs';
import { wallClockReads } from './wall-clock.mjs';

/**
 * What the tree below `root` does not hold of its rules: imports, rings, order, dialect, clocks.
 * @param {{ order: Record<string, Record<string, (string | string[])[]>> }} rules
 * @returns {string[]}
 */
export function treeProblems(root, { order }) {
  const tree = readTree(root);
  return [
    ...[...tree.packages.values()].flatMap(({ folder }) => packageProblems(folder, tree, order)),
    ...[...tree.modules].flatMap(([file, module]) => moduleProblems(file, module, tree)),
  ];
}

function packageProblems(folder, tree, order) {
  const modules = modulesOf(folder, tree);
  const ofOrder = order[folder]
    ? orderProblems(order[folder], modules)
    : ['has no order of its folders in scripts/check/rules.mjs'];
  return [
    ...fileRings(modules).map((ring) => `ring of files: ${ring}`),
    ...folderRings(modules).map((ring) => `ring of folders: ${ring}`),
    ...ofOrder,
  ].map((text) => `${folder}: ${text}`);
}

function moduleProblems(file, { source, facts }, { packages }) {
  const imports = facts.imports.flatMap(({ specifier, line }) => {
    const problem = violation({ file, specifier, packages });
    return problem === undefined ? [] : [`${file}:${line}: '${specifier}' ${problem}`];
  });
  const clocks = wallClockReads({ file, source }).map(
    (line) => `${file}:${line}: reads the wall clock; use monotonicMs(), or give a reason in wall-clock.mjs`,
  );
  const testing = isMisplaced(file) ? [`${file}: test code belongs in src/testing`] : [];
  return [...imports, ...clocks, ...testing, ...dialectProblems(file, facts)];
}
