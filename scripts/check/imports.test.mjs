import { describe, expect, it } from 'vitest';
import { violation } from './imports.mjs';

const packages = new Map([
  ['@skein/runtime', { folder: 'libs/runtime', dependencies: new Set(), exports: new Set(['.']) }],
  [
    '@skein/bus',
    {
      folder: 'libs/bus',
      dependencies: new Set(['@skein/runtime', '@nats-io/transport-node']),
      exports: new Set(['.', './testing']),
    },
  ],
  [
    '@skein/gateway',
    { folder: 'services/gateway', dependencies: new Set(['@skein/bus']), exports: new Set() },
  ],
  [
    '@skein/control',
    { folder: 'services/control', dependencies: new Set(['@skein/gateway']), exports: new Set(['.']) },
  ],
]);
const problem = (file, specifier) => violation({ file, specifier, packages });

describe('violation', () => {
  it('a service may import a library that it declares', () => {
    expect(problem('services/gateway/src/main.ts', '@skein/bus')).toBeUndefined();
    expect(problem('services/gateway/src/main.ts', 'node:fs')).toBeUndefined();
  });

  it.each([
    [
      'a service imports a service',
      'services/control/src/main.ts',
      '@skein/gateway',
      /services must not import services/,
    ],
    [
      'a library imports a service',
      'libs/bus/src/index.ts',
      '@skein/gateway',
      /libs must not import services/,
    ],
    [
      'the foundation imports another library',
      'libs/runtime/src/a.ts',
      '@skein/bus',
      /may import only nothing of ours/,
    ],
    [
      'a path inside another package',
      'services/gateway/src/main.ts',
      '@skein/bus/src/bus.ts',
      /not among the exports/,
    ],
    [
      'a relative path out of the package',
      'libs/bus/src/a.ts',
      '../../runtime/src/clock.ts',
      /leaves its package/,
    ],
    ['code that needs a file of tests', 'libs/bus/src/a.ts', './test-bus.ts', /is test code/],
    ['code that needs a fake', 'libs/bus/src/a.ts', './testing/memory-bus.ts', /is test code/],
    [
      'code that needs a fake of another package',
      'services/gateway/src/a.ts',
      '@skein/bus/testing',
      /is test code/,
    ],
    ['a vendor outside adapters', 'libs/bus/src/bus.ts', '@nats-io/transport-node', /only in an adapters/],
    [
      'a vendor of another package',
      'services/gateway/src/adapters/a.ts',
      'ioredis',
      /belongs to libs\/cluster/,
    ],
    ['a package that is not declared', 'libs/bus/src/bus.ts', 'left-pad', /not in libs\/bus\/package.json/],
  ])('reports that %s', (_what, file, specifier, expected) => {
    expect(problem(file, specifier)).toMatch(expected);
  });

  it('vendors in adapters, declared entries and the test runner in tests are allowed', () => {
    expect(problem('libs/bus/src/adapters/nats.ts', '@nats-io/transport-node')).toBeUndefined();
    expect(problem('services/gateway/src/main.test.ts', '@skein/bus/testing')).toBeUndefined();
    expect(problem('services/gateway/src/testing/cast.ts', '@skein/bus/testing')).toBeUndefined();
    expect(problem('libs/bus/src/bus.test.ts', 'vitest')).toBeUndefined();
    expect(problem('libs/bus/src/bus.test.ts', './test-bus.ts')).toBeUndefined();
    expect(problem('libs/bus/src/test-bus.ts', 'vitest')).toBeUndefined();
  });
});
