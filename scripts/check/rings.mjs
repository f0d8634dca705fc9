import { dirname } from 'node:path/posix';
import { isMisplaced, isTest } from './test-code.mjs';

/**
 * Relative imports inside one package. Types count: a folder that needs another one's types cannot be read alone.
 * @param {Map<string, import('./source.mjs').ModuleFacts>} modules by path, relative to the package's sources
 * @returns {{ from: string, to: string }[]}
 */
export function importsWithin(modules) {
  return [...modules].flatMap(([from, { imports }]) =>
    imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier }) => ({ from, to: resolve(from, specifier) }))
      .filter(({ to }) => modules.has(to)),
  );
}

/** Rings of files, each as one shortest way around: `a.ts -> b.ts -> a.ts`. */
export function fileRings(modules) {
  const edges = importsWithin(modules).map(({ from, to }) => ({ from, to, by: { from, to } }));
  return rings(edges).map((ring) => ring.map(({ from }) => from).join(' -> ') + ` -> ${ring[0].from}`);
}

/**
 * Rings of folders, on every level: of what stands side by side in one folder, files among it, at least one a folder. Tests may
 * import anything, since nothing imports them.
 */
export function folderRings(modules) {
  return [...siblingImports(modules)].flatMap(([folder, edges]) =>
    rings(edges)
      .filter((ring) => ring.some(({ from }) => !modules.has(inFolder(folder, from))))
      .map((ring) => {
        const way = [...ring.map(({ from }) => from), ring[0].from].join(' -> ');
        const why = ring.map(({ by }) => `${by.from} imports ${by.to}`).join('; ');
        return `${way}${folder === '.' ? '' : ` in ${folder}`} (${why})`;
      }),
  );
}

/**
 * Imports between neighbours: for each folder (`.` is the top), which of its files and sub-folders import which. A deeper import
 * counts for the two that stand in the folder in which the paths part.
 * @returns {Map<string, { from: string, to: string, by: { from: string, to: string } }[]>}
 */
export function siblingImports(modules) {
  const levels = new Map();
  for (const by of importsWithin(modules)) {
    if (isTest(by.from) || isMisplaced(by.from)) continue;
    const [from, to] = [by.from.split('/'), by.to.split('/')];
    const depth = from.findIndex((part, at) => part !== to[at]);
    if (depth < 0) continue;
    const folder = from.slice(0, depth).join('/') || '.';
    const edges = levels.get(folder) ?? [];
    levels.set(folder, edges);
    edges.push({ from: from[depth], to: to[depth], by });
  }
  return levels;
}

export function inFolder(folder, name) {
  return folder === '.' ? name : `${folder}/${name}`;
}

function resolve(from, specifier) {
  const parts = dirname(from) === '.' ? [] : dirname(from).split('/');
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** Each knot of the graph as the shortest ring through its first name. */
function rings(edges) {
  const out = new Map();
  for (const edge of edges) {
    const targets = out.get(edge.from) ?? new Map();
    out.set(edge.from, targets);
    if (!targets.has(edge.to)) targets.set(edge.to, edge);
  }
  const done = new Set();
  const found = [];
  for (const start of [...out.keys()].toSorted((one, other) => one.localeCompare(other))) {
    if (done.has(start)) continue;
    const ring = shortestRing(out, start);
    if (!ring) continue;
    found.push(ring);
    for (const name of knotOf(out, start)) done.add(name);
  }
  return found;
}

function shortestRing(out, start) {
  const ways = [[]];
  const seen = new Set();
  for (const way of ways) {
    const at = way.at(-1)?.to ?? start;
    for (const edge of out.get(at)?.values() ?? []) {
      if (edge.to === start) return [...way, edge];
      if (seen.has(edge.to)) continue;
      seen.add(edge.to);
      ways.push([...way, edge]);
    }
  }
  return undefined;
}

/** All that can be reached from `start` and reaches it. */
function knotOf(out, start) {
  return [...reached(out, start)].filter((name) => reached(out, name).has(start));
}

function reached(out, start) {
  const names = new Set([start]);
  for (const name of names) for (const to of out.get(name)?.keys() ?? []) names.add(to);
  return names;
}
