import { isTestCode } from './test-code.mjs';

export const MAX_TITLE = 90;
const FORMER_NAMES = /(?:Parts|Ports|Controls|Dependencies)$/;

/**
 * Where a module leaves the dialect of docs/conventions.md, as far as no rule of the linter sees it.
 * @param {string} file its path from the root
 * @param {import('./source.mjs').ModuleFacts} facts
 * @returns {string[]}
 */
export function dialectProblems(file, { tests, types, infoLogs }) {
  return [
    ...types
      .filter(({ name }) => FORMER_NAMES.test(name))
      .map(
        ({ name, line }) =>
          `${file}:${line}: ${name}: what is injected is called *Deps, what a caller chooses *Options`,
      ),
    ...tests
      .filter(({ title }) => title.length > MAX_TITLE)
      .map(
        ({ title, line }) =>
          `${file}:${line}: the test's name has ${title.length} characters; at most ${MAX_TITLE}`,
      ),
    ...(isTestCode(file) ? [] : infoLogs)
      .filter(({ hasEvent }) => !hasEvent)
      .map(({ line }) => `${file}:${line}: an info line needs an \`event\` such as 'participant.joined'`),
  ];
}
