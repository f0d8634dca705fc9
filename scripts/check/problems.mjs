import { dialectProblems } from './dialect.mjs';
import { violation } from './imports.mjs';
import { orderProblems } from './order.mjs';
import { fileRings, folderRings } from './rings.mjs';
import { isFormerTesting } from './test-code.mjs';
import { modulesOf, readTree } from './tree.mjs';
import { wallClockReads } from './wall-clock.mjs';

/**
 * What the tree below `root` does not hold of its rules: imports, rings, order, dialect, clocks.
 * @param {{ order: Record<string, Record<string, (string | string[])[]>>, notYet: Record<string, string[]> }} rules
 * @returns {{ failed: string[], left: string[] }} `left`: what `notYet` lets pass for now
 */
export function treeProblems(root, { order, notYet }) {
  const tree = readTree(root);
  const found = [
    ...[...tree.packages.values()].flatMap(({ folder }) => packageProblems(folder, tree, order)),
    ...[...tree.modules].flatMap(([file, module]) => moduleProblems(file, module, tree)),
  ];
  const isLeft = ({ kind, folder }) => notYet[folder]?.includes(kind) ?? false;
  const text = (problem) => problem.text;
  return {
    failed: found.filter((problem) => !isLeft(problem)).map(text),
    left: found.filter(isLeft).map(text),
  };
}

function packageProblems(folder, tree, order) {
  const modules = modulesOf(folder, tree);
  const ofOrder = order[folder]
    ? orderProblems(order[folder], modules)
    : ['has no order of its folders in scripts/check/rules.mjs'];
  return [
    ...fileRings(modules).map((ring) => ({ kind: 'rings', text: `ring of files: ${ring}` })),
    ...folderRings(modules).map((ring) => ({ kind: 'rings', text: `ring of folders: ${ring}` })),
    ...ofOrder.map((text) => ({ kind: 'order', text })),
  ].map(({ kind, text }) => ({ kind, folder, text: `${folder}: ${text}` }));
}

function moduleProblems(file, { source, facts }, { packages }) {
  const folder = [...packages.values()].find((one) => file.startsWith(`${one.folder}/`))?.folder;
  const imports = facts.imports.flatMap(({ specifier, line }) => {
    const problem = violation({ file, specifier, packages });
    return problem === undefined
      ? []
      : [{ kind: 'imports', text: `${file}:${line}: '${specifier}' ${problem}` }];
  });
  const clocks = wallClockReads({ file, source }).map((line) => ({
    kind: 'clocks',
    text: `${file}:${line}: reads the wall clock; use monotonicMs(), or give a reason in wall-clock.mjs`,
  }));
  const testing = isFormerTesting(file)
    ? [{ kind: 'testing', text: `${file}: test code belongs in src/testing` }]
    : [];
  return [...imports, ...clocks, ...testing, ...dialectProblems(file, facts)].map((problem) => ({
    ...problem,
    folder,
  }));
}
