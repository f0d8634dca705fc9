import { expect, it } from 'vitest';
import { readModule } from './source.mjs';

const read = (...lines) => readModule('a.ts', lines.join('\n'));

it('every kind of import is found, with its line; comments and texts are not', () => {
  const { imports } = read(
    `import { a } from 'one';`,
    `import type {`,
    `  B,`,
    `} from "two";`,
    `export * from './three.ts';`,
    `import 'four';`,
    `const five = await import('five');`,
    `// import { no } from 'six';`,
    `/* import { no } from 'seven'; */`,
    `const text = "from 'eight'";`,
    'const more = `',
    `import { no } from 'nine';`,
    '`;',
    `let ten: import('ten').Ten;`,
    `export type { Eleven } from 'eleven';`,
  );
  expect(imports).toEqual([
    { specifier: 'one', line: 1 },
    { specifier: 'two', line: 2 },
    { specifier: './three.ts', line: 5 },
    { specifier: 'four', line: 6 },
    { specifier: 'five', line: 7 },
    { specifier: 'ten', line: 14 },
    { specifier: 'eleven', line: 15 },
  ]);
});

it('names of tests are found in every form, names of groups are not', () => {
  const { tests } = read(
    `describe('a group', () => {`,
    `  it('one', () => {});`,
    `  it.skipIf(true)('two', () => {});`,
    `  it.each([['x']])('three %s', () => {});`,
    '  it.each`a\n${1}`("four", () => {});',
    `  test('five', () => {});`,
    '  it(`six ${name}`, () => {});',
    `});`,
    `pattern.test('no name');`,
  );
  expect(tests.map(({ title }) => title)).toEqual(['one', 'two', 'three %s', 'four', 'five', 'six ${}']);
});

it('info lines of loggers are found, with or without an event', () => {
  const { infoLogs } = read(
    `log.info({ event: 'room.closed', room }, 'the room is closed');`,
    `this.#log.info({ ...facts }, 'no event');`,
    `this.#deps.log.info(facts, 'no event');`,
    `logger.info({ event }, 'an event');`,
    `console.info('not a logger');`,
  );
  expect(infoLogs).toEqual([
    { line: 1, hasEvent: true },
    { line: 2, hasEvent: false },
    { line: 3, hasEvent: false },
    { line: 4, hasEvent: true },
  ]);
});

it('a source that cannot be parsed names its file', () => {
  expect(() => readModule('libs/bus/src/a.ts', 'const = 1')).toThrow('libs/bus/src/a.ts cannot be parsed');
});
