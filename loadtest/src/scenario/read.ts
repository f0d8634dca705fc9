import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { contradictions } from './consistency.ts';
import { describeIssues, pathText, type Path, type ReadDocument, type ScenarioProblem } from './problems.ts';
import { scenarioSchema, type Scenario } from './schema.ts';

export type ReadScenario =
  | { readonly kind: 'scenario'; readonly scenario: Scenario }
  | { readonly kind: 'refused'; readonly problems: readonly [ScenarioProblem, ...ScenarioProblem[]] };

/**
 * Reads a scenario; with a `seed`, that one in place of its own. Everything that is wrong is named at once, with its place and what to
 * write.
 */
export function readScenario(text: string, seed?: number): ReadScenario {
  const document = readDocument(text);
  if (!('value' in document)) return refused(document.problems);
  const parsed = scenarioSchema.safeParse(document.value);
  if (!parsed.success) return refused(describeIssues(parsed.error.issues, scenarioSchema, document));
  const scenario: Scenario = seed === undefined ? parsed.data : { ...parsed.data, seed };
  const found = contradictions(scenario).map(({ path, message }) => ({
    ...{ path: pathText(path), line: document.lineOf(path) },
    message,
  }));
  return found.length > 0 ? refused(found) : { kind: 'scenario', scenario };
}

function refused([first, ...more]: readonly ScenarioProblem[]): ReadScenario {
  return { kind: 'refused', problems: [first ?? { path: '', message: 'it cannot be read' }, ...more] };
}

const BAD_ALIASES = 'its aliases (*name) have no end or stand for nothing; write out what they stand for';

/** `undefined`: aliases that multiply without end, or that name no anchor. */
function resolved(document: Document): unknown {
  try {
    return document.toJS() ?? {};
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

function readDocument(text: string): ReadDocument | { readonly problems: readonly ScenarioProblem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, linePos }) => ({
      path: '',
      line: linePos?.[0].line,
      message: `is not YAML: ${message.split('\n')[0]?.replace(/ at line .*$/, '') ?? ''}`,
    }));
    return { problems };
  }
  const lineOf = (path: Path): number | undefined => {
    for (let length = path.length; length > 0; length--) {
      const node: unknown = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return undefined;
  };
  const value = resolved(document);
  if (value === undefined) return { problems: [{ path: '', message: BAD_ALIASES }] };
  if (typeof value !== 'object' || Array.isArray(value)) {
    return { problems: [{ path: '', message: 'a scenario is a list of settings such as `name: meeting`' }] };
  }
  return { value, lineOf };
}
