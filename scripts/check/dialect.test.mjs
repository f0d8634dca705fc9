import { expect, it } from 'vitest';
import { dialectProblems } from './dialect.mjs';
import { readModule } from './source.mjs';

const file = 'services/node/src/pipes/executor.ts';
const problems = (source, path = file) => dialectProblems(path, readModule(path, source));

it.each([
  'class ExecutorParts {}',
  'interface PoolPorts {}',
  'type RoomControls = string',
  'interface Dependencies {}',
])('a former name of what is injected fails: %s', (source) => {
  expect(problems(source)).toEqual([
    expect.stringMatching(/^services\/node\/src\/pipes\/executor\.ts:1: \w+: what is/),
  ]);
});

it.each([
  'interface ExecutorDeps {}',
  'interface PoolOptions {}',
  'interface ClientPort {}',
  'const allParts = 1',
])('other names pass: %s', (source) => {
  expect(problems(source)).toEqual([]);
});

it('the name of a test fails from 91 characters on', () => {
  const path = 'services/node/src/pipes/executor.test.ts';
  const named = (length) => `it('${'x'.repeat(length)}', () => {});`;
  expect(problems(named(90), path)).toEqual([]);
  expect(problems(named(91), path)).toEqual([`${path}:1: the test's name has 91 characters; at most 90`]);
});

it('an info line without an event fails, in production code only', () => {
  const source = `log.info({ room }, 'the room is closed');`;
  expect(problems(source)).toEqual([
    `${file}:1: an info line needs an \`event\` such as 'participant.joined'`,
  ]);
  expect(problems(source, 'services/node/src/pipes/executor.test.ts')).toEqual([]);
  expect(problems(`log.info({ event: 'room.closed', room }, 'the room is closed');`)).toEqual([]);
});
