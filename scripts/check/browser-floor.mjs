/** `['chrome 111', 'safari 16.4']` as `{ chrome: 111, safari: 16.4 }`. */
export function readFloor(browserslist) {
  return Object.fromEntries(browserslist.map((entry) => [entry.split(' ')[0], Number(entry.split(' ')[1])]));
}

/** The same as targets of esbuild. */
export function esbuildTargets(browserslist) {
  return browserslist.map((entry) => entry.replace(' ', ''));
}

/**
 * Members of built-in objects and of browsers' APIs that `script` names and that a browser of the floor lacks, each as
 * `AbortSignal.any: chrome 116, safari 17.4`. Statics are matched by their object. Types are not known here, so of other members
 * only methods are found, whose name is too new on every object that has it, and that the script does not define itself.
 */
export function tooNew(script, floor, data) {
  const members = membersOf(data);
  const named = new Set();
  for (const [, object, member] of script.matchAll(/\b([A-Z]\w*)\s*\??\.\s*([a-z]\w*)/g)) {
    const supports = members.statics.get(`${object}.${member}`);
    if (supports) named.add(describe(`${object}.${member}`, [supports], floor));
  }
  for (const [, object, member] of script.matchAll(/(\w+|[)\]])\s*\??\.\s*([a-z]\w*)\s*(?:\?\.)?\(/g)) {
    const supports = members.statics.has(`${object}.${member}`) ? undefined : members.byName.get(member);
    if (supports && !defines(script, member)) named.add(describe(`.${member}`, supports, floor));
  }
  named.delete(undefined);
  return [...named].toSorted((one, other) => one.localeCompare(other));
}

function defines(script, member) {
  return new RegExp(`(?:^|[{,;]|\\b(?:get|async))\\s*${member}\\s*(?:\\([^()]*\\)\\s*\\{|:|=[^=])`, 'm').test(
    script,
  );
}

/** What is missing when no object has the member in every browser of the floor; `undefined` when one does. */
function describe(name, supports, floor) {
  const gaps = supports.map((support) =>
    Object.entries(floor).flatMap(([browser, version]) => {
      const added = addedIn(support[browser]);
      return added <= version ? [] : [`${browser} ${added === Infinity ? 'never' : added}`];
    }),
  );
  if (gaps.some((gap) => gap.length === 0)) return undefined;
  return `${name}: ${gaps.toSorted((one, other) => one.length - other.length)[0].join(', ')}`;
}

function addedIn(support) {
  const [latest] = Array.isArray(support) ? support : [support];
  const added = latest?.version_added;
  if (latest?.flags || latest?.prefix || latest?.partial_implementation) return Infinity;
  if (typeof added !== 'string') return added === true ? 0 : Infinity;
  return added === 'preview' ? Infinity : Number(added.replace('≤', ''));
}

function membersOf({ api, javascript }) {
  const statics = new Map();
  const byName = new Map();
  for (const objects of [api, javascript.builtins]) {
    for (const [object, entry] of Object.entries(objects)) {
      for (const [key, value] of Object.entries(entry)) {
        const support = value?.__compat?.support;
        if (key === '__compat' || key === object || !support) continue;
        const member = key.replace(/_static$/, '').replace(/_event$/, '');
        if (key.endsWith('_event')) continue;
        if (key.endsWith('_static') || objects === javascript.builtins)
          statics.set(`${object}.${member}`, support);
        byName.set(member, [...(byName.get(member) ?? []), support]);
      }
    }
  }
  return { statics, byName };
}
