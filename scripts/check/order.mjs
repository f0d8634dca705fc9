import { inFolder, siblingImports } from './rings.mjs';

/** Stands for the files of a folder that have no place of their own. */
const OTHER_FILES = '*.ts';
/** Test code stands above everything; that nothing below imports it is checked for the whole tree. */
const TESTING = 'testing';

/**
 * What breaks the order of one package's folders.
 * @param {Record<string, (string | string[])[]>} order for each folder that has sub-folders (`.` is the top) what stands in it, from top
 *   to bottom; see `ORDER` in rules.mjs
 * @param {Map<string, import('./source.mjs').ModuleFacts>} modules by path, relative to the package's sources
 * @returns {string[]}
 */
export function orderProblems(order, modules) {
  return [...misfits(order, modules), ...upwardImports(order, modules)];
}

function* misfits(order, modules) {
  const folders = subFolders(modules);
  for (const [folder, names] of folders) {
    const levels = order[folder];
    if (!levels) {
      yield `${folder} has sub-folders (${[...names].join(', ')}) and no order`;
      continue;
    }
    const placed = new Set(levels.flat());
    for (const name of names) {
      if (!placed.has(name)) yield `${inFolder(folder, name)} has no place in the order of ${folder}`;
    }
  }
  for (const [folder, levels] of Object.entries(order)) {
    for (const name of levels.flat()) {
      const known = folders.get(folder)?.has(name) || modules.has(inFolder(folder, name));
      if (!known && name !== OTHER_FILES)
        yield `${inFolder(folder, name)} is in the order and not in the tree`;
    }
  }
}

function* upwardImports(order, modules) {
  for (const [folder, edges] of siblingImports(modules)) {
    const levels = order[folder];
    if (!levels) continue;
    for (const { from, to, by } of edges) {
      if (from === TESTING || to === TESTING) continue;
      const [own, other] = [heightOf(levels, from), heightOf(levels, to)];
      if (own < other || (own === other && isOther(levels, from) && isOther(levels, to))) continue;
      const where = own === other ? 'beside' : 'above';
      yield `${by.from} imports ${by.to}: ${to} stands ${where} ${from} in the order of ${folder}`;
    }
  }
}

/** The level of a name, counted from the top. Files without a place stand with `*.ts`, or at the top without one. */
function heightOf(levels, name) {
  const place = isOther(levels, name) ? OTHER_FILES : name;
  return levels.findIndex((level) => [level].flat().includes(place));
}

function isOther(levels, name) {
  return !levels.flat().includes(name);
}

/** The sub-folders of each folder that has some, test code apart. */
function subFolders(modules) {
  const folders = new Map();
  for (const file of modules.keys()) {
    const parts = file.split('/').slice(0, -1);
    if (parts[0] === TESTING) continue;
    for (const [depth, name] of parts.entries()) {
      const folder = parts.slice(0, depth).join('/') || '.';
      folders.set(folder, (folders.get(folder) ?? new Set()).add(name));
    }
  }
  return folders;
}
