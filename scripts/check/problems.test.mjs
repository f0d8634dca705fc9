import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { treeProblems } from './problems.mjs';

const ORDER = {
  'libs/store': { '.': ['*.ts', 'adapters', 'rooms', 'model.ts'] },
  'services/node': {
    '.': ['*.ts', 'sessions', ['pipes', 'load'], 'media'],
    pipes: ['*.ts', 'planning', 'model.ts'],
  },
};

/** A tree that holds every rule; each test breaks one. */
const SOUND = {
  'package.json': JSON.stringify({ workspaces: ['libs/*', 'services/*'] }),
  'libs/store/package.json': JSON.stringify({
    name: '@skein/store',
    exports: { '.': {}, './testing': {} },
  }),
  'libs/store/src/index.ts': `export { Rooms } from './rooms/rooms.ts';\nexport type { Room } from './model.ts';`,
  'libs/store/src/model.ts': 'export interface Room { id: string }',
  'libs/store/src/rooms/rooms.ts': `import type { Room } from '../model.ts';\nexport class Rooms { one?: Room }`,
  'libs/store/src/adapters/redis.ts': `import { Rooms } from '../rooms/rooms.ts';\nexport class RedisRooms extends Rooms {}`,
  'libs/store/src/testing/index.ts': `export { Rooms as FakeRooms } from '../rooms/rooms.ts';`,
  'libs/store/src/rooms/rooms.test.ts': `import { FakeRooms } from '../testing/index.ts';\nimport '../index.ts';\nimport '../adapters/redis.ts';`,
  'services/node/package.json': JSON.stringify({
    name: '@skein/node',
    dependencies: { '@skein/store': '*' },
  }),
  'services/node/src/main.ts': `import './sessions/session.ts';`,
  'services/node/src/sessions/session.ts': `import '../pipes/pipe.ts';\nimport '../load/meter.ts';\nimport { Rooms } from '@skein/store';`,
  'services/node/src/pipes/pipe.ts': `import './planning/plan.ts';\nimport './model.ts';\nimport '../media/engine.ts';`,
  'services/node/src/pipes/planning/plan.ts': `import type { Hop } from '../model.ts';\nexport type Plan = Hop[];`,
  'services/node/src/pipes/model.ts': 'export interface Hop { to: string }',
  'services/node/src/load/meter.ts': 'export class Meter {}',
  'services/node/src/media/engine.ts': 'export class Engine {}',
};

let root;
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** What the check says of the sound tree with these files changed (`undefined`: removed). */
function failures(changes, { order = ORDER } = {}) {
  root = mkdtempSync(join(tmpdir(), 'skein-check-'));
  for (const [path, text] of Object.entries({ ...SOUND, ...changes })) {
    if (text === undefined) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return treeProblems(root, { order });
}

it('a sound tree passes', () => {
  expect(failures({})).toEqual([]);
});

describe('rings', () => {
  const plan = 'services/node/src/pipes/planning/plan.ts';
  const ring =
    'services/node: ring of files: pipes/planning/plan.ts -> pipes/planning/ways.ts -> pipes/planning/plan.ts';

  it.each([
    ['types only', `import type { Plan } from './plan.ts';\nexport type Way = Plan;`],
    ['an inline type', `import { type Plan } from './plan.ts';\nexport type Way = Plan;`],
    ['a type in place', `export type Way = import('./plan.ts').Plan;`],
    ['a re-export', `export { plan } from './plan.ts';`],
    ['a re-export of everything', `export * from './plan.ts';`],
    ['a dynamic import', `export const plan = () => import('./plan.ts');`],
    ['a value', `import { plan } from './plan.ts';\nexport const way = plan;`],
  ])('two files that import each other fail, by %s', (_how, ways) => {
    expect(
      failures({
        [plan]: `import type { Way } from './ways.ts';\nexport type Plan = Way[];\nexport const plan = 1;`,
        'services/node/src/pipes/planning/ways.ts': ways,
      }),
    ).toEqual([ring]);
  });

  it('two folders that import each other fail, even by types and through different files', () => {
    expect(
      failures({
        'services/node/src/media/codecs.ts': `import type { Meter } from '../load/meter.ts';\nexport type A = Meter;`,
        'services/node/src/load/used.ts': `import type { Engine } from '../media/engine.ts';\nexport type B = Engine;`,
      }),
    ).toContain(
      'services/node: ring of folders: load -> media -> load (load/used.ts imports media/engine.ts; media/codecs.ts imports load/meter.ts)',
    );
  });

  it('a ring of three folders fails', () => {
    const found = failures({
      'services/node/src/media/a.ts': `import type { Meter } from '../load/meter.ts';`,
      'services/node/src/load/b.ts': `import type { Hop } from '../pipes/model.ts';`,
    });
    expect(found).toContainEqual(
      expect.stringContaining('services/node: ring of folders: load -> pipes -> media -> load'),
    );
  });

  it('a folder and a file beside it that import each other fail', () => {
    const found = failures({
      'services/node/src/pipes/model.ts': `import type { Plan } from './planning/side.ts';\nexport interface Hop { to: string }`,
      'services/node/src/pipes/planning/side.ts': 'export type Plan = string;',
    });
    expect(found).toContainEqual(
      expect.stringContaining('ring of folders: model.ts -> planning -> model.ts in pipes'),
    );
  });

  it('tests close no ring', () => {
    expect(
      failures({
        'services/node/src/media/engine.test.ts': `import '../main.ts';\nimport '../pipes/pipe.ts';`,
      }),
    ).toEqual([]);
  });
});

describe('the order of folders', () => {
  it('a folder that imports one above it fails', () => {
    expect(
      failures({ 'libs/store/src/rooms/more.ts': `import type { RedisRooms } from '../adapters/redis.ts';` }),
    ).toContain(
      'libs/store: rooms/more.ts imports adapters/redis.ts: adapters stands above rooms in the order of .',
    );
  });

  it('a folder that imports one at the same height fails', () => {
    expect(
      failures({ 'services/node/src/load/more.ts': `import type { Hop } from '../pipes/model.ts';` }),
    ).toEqual([
      'services/node: load/more.ts imports pipes/model.ts: pipes stands beside load in the order of .',
    ]);
  });

  it('a sub-folder that imports one above it in its own folder fails', () => {
    expect(
      failures({
        'services/node/src/pipes/pipe.ts': '',
        'services/node/src/pipes/planning/more.ts': `import '../pipe.ts';`,
      }),
    ).toEqual([
      'services/node: pipes/planning/more.ts imports pipes/pipe.ts: pipe.ts stands above planning in the order of pipes',
    ]);
  });

  it('a folder without a place, and a place without a folder, fail', () => {
    expect(
      failures({
        'services/node/src/moves/move.ts': '',
        'services/node/src/load/meter.ts': undefined,
        'services/node/src/sessions/session.ts': '',
      }),
    ).toEqual([
      'services/node: moves has no place in the order of .',
      'services/node: load is in the order and not in the tree',
    ]);
  });

  it('a folder that gets sub-folders without an order fails', () => {
    expect(failures({ 'services/node/src/media/rtp/packet.ts': '' })).toEqual([
      'services/node: media has sub-folders (rtp) and no order',
    ]);
  });

  it('a package without an order fails', () => {
    expect(failures({}, { order: { 'libs/store': ORDER['libs/store'] } })).toEqual([
      'services/node: has no order of its folders in scripts/check/rules.mjs',
    ]);
  });
});

describe('test code', () => {
  const store = 'libs/store/src/rooms/more.ts';
  const node = 'services/node/src/sessions/more.ts';

  it.each([
    [store, '../testing/index.ts'],
    [store, './rooms.test.ts'],
    [node, '@skein/store/testing'],
  ])('production code fails on importing it: %s imports %s', (file, specifier) => {
    const found = failures({ [file]: `import type { FakeRooms } from '${specifier}';` });
    expect(found).toContain(`${file}:1: '${specifier}' is test code; production code must not need it`);
  });

  it('production code fails on re-exporting it', () => {
    expect(failures({ 'libs/store/src/index.ts': `export * from './testing/index.ts';` })).toContain(
      `libs/store/src/index.ts:1: './testing/index.ts' is test code; production code must not need it`,
    );
  });

  it('tests, and the test code of other packages, may import it', () => {
    const text = `import { FakeRooms } from '@skein/store/testing';`;
    expect(
      failures({
        'services/node/src/sessions/session.test.ts': text,
        'services/node/src/testing/cast.ts': text,
      }),
    ).toEqual([]);
  });

  it('a fake beside production code fails, by its name', () => {
    expect(failures({ 'libs/store/src/rooms/test-rooms.ts': '' })).toEqual([
      'libs/store/src/rooms/test-rooms.ts: test code belongs in src/testing',
    ]);
  });
});
