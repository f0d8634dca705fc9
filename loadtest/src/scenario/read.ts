import { isNode, LineCounter, parseDocument } from 'yaml';
import { contradictions } from './consistency.ts';
import { describeIssues, pathText, type Path, type ReadDocument, type ScenarioProblem } from './problems.ts';
import { scenarioSchema, type Scenario } from './schema.ts';

export type ReadScenario =
  | { readonly kind: 'scenario'; readonly scenario: Scenario }
  | { readonly kind: 'refused'; readonly problems: readonly [ScenarioProblem, ...ScenarioProblem[]] };

/** Reads a scenario. Everything that is wrong is named at once, with its place and what to write. */
export function readScenario(text: string): ReadScenario {
  const document = readDocument(text);
  if (!('value' in document)) return refused(document.problems);
  const parsed = scenarioSchema.safeParse(document.value);
  if (!parsed.success) return refused(describeIssues(parsed.error.issues, scenarioSchema, document));
  const found = contradictions(parsed.data).map(({ path, message }) => ({
    ...{ path: pathText(path), line: document.lineOf(path) },
    message,
  }));
  return found.length > 0 ? refused(found) : { kind: 'scenario', scenario: parsed.data };
}

function refused([first, ...more]: readonly ScenarioProblem[]): ReadScenario {
  return { kind: 'refused', problems: [first ?? { path: '', message: 'it cannot be read' }, ...more] };
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
  // Aliases that multiply without end are cut by the library.
  const value: unknown = document.toJS() ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    return { problems: [{ path: '', message: 'a scenario is a list of settings such as `name: meeting`' }] };
  }
  return { value, lineOf };
}
