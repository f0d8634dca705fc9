import { parseAst } from 'rolldown/parseAst';

/**
 * What the checks need to know of one module, from its syntax tree. Each fact has its `line`, counted from 1.
 * @typedef {object} ModuleFacts
 * @property {{ specifier: string, line: number }[]} imports imports, re-exports, dynamic imports and imports of types
 * @property {{ title: string, line: number }[]} tests titles of `it` and `test`, as written
 * @property {{ name: string, line: number }[]} types names of classes, interfaces and type aliases
 * @property {{ line: number, hasEvent: boolean }[]} infoLogs calls of `info` of a logger
 */

/** @returns {ModuleFacts} Throws a `SyntaxError` that names `file` for a source that cannot be parsed. */
export function readModule(file, source) {
  const facts = { imports: [], tests: [], types: [], infoLogs: [] };
  const lineAt = lineCounter(source);
  walk(parse(file, source), (node) => {
    const add = VISITORS[node.type];
    if (add) add(node, facts, () => lineAt(node.start));
  });
  return facts;
}

function parse(file, source) {
  try {
    return parseAst(source, { lang: file.endsWith('.ts') ? 'ts' : 'js', sourceType: 'module' }, file);
  } catch (error) {
    throw new SyntaxError(`${file} cannot be parsed`, { cause: error });
  }
}

function addImport({ source }, { imports }, line) {
  if (typeof source?.value === 'string') imports.push({ specifier: source.value, line: line() });
}

function addType({ id }, { types }, line) {
  if (id) types.push({ name: id.name, line: line() });
}

const VISITORS = {
  ImportDeclaration: addImport,
  ExportNamedDeclaration: addImport,
  ExportAllDeclaration: addImport,
  ImportExpression: addImport,
  TSImportType: addImport,
  ClassDeclaration: addType,
  TSInterfaceDeclaration: addType,
  TSTypeAliasDeclaration: addType,
  CallExpression: (node, { tests, infoLogs }, line) => {
    const [first] = node.arguments;
    const title = textOf(first);
    if (title !== undefined && isTestCall(node.callee)) tests.push({ title, line: line() });
    if (isInfoLog(node.callee)) infoLogs.push({ line: line(), hasEvent: hasKey(first, 'event') });
  },
};

/** `it`, `it.skipIf(x)`, `test.each(rows)`, `it.each` with a table. */
function isTestCall(callee) {
  let node = callee;
  for (;;) {
    if (node.type === 'Identifier') return node.name === 'it' || node.name === 'test';
    if (node.type === 'MemberExpression') node = node.object;
    else if (node.type === 'CallExpression') node = node.callee;
    else if (node.type === 'TaggedTemplateExpression') node = node.tag;
    else return false;
  }
}

/** `log.info`, `this.#log.info`, `deps.logger.info`. */
function isInfoLog({ type, object, property }) {
  if (type !== 'MemberExpression' || property.name !== 'info') return false;
  const name = object.type === 'MemberExpression' ? object.property.name : object.name;
  return /^log$|log(?:ger)?$/i.test(name ?? '');
}

function hasKey(node, name) {
  return (
    node?.type === 'ObjectExpression' &&
    node.properties.some(({ key }) => key?.name === name || key?.value === name)
  );
}

function textOf(node) {
  if (node?.type === 'TemplateLiteral') return node.quasis.map(({ value }) => value.raw).join('${}');
  return node?.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;
}

function walk(node, visit) {
  visit(node);
  for (const key of Object.keys(node)) {
    const below = node[key];
    if (Array.isArray(below)) below.filter((one) => one?.type).forEach((one) => walk(one, visit));
    else if (below?.type) walk(below, visit);
  }
}

function lineCounter(source) {
  const starts = [0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
