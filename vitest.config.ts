import { defineConfig } from 'vitest/config';

// Workspace packages resolve to their sources, so that a test never runs against a stale build.
const conditions = ['source', 'module', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node', 'import', 'default'] } },
  test: {
    include: [
      '{libs,services}/*/src/**/*.test.ts',
      'loadtest/src/**/*.test.ts',
      'tests/cluster/**/*.test.ts',
      'tests/chaos/**/*.test.ts',
      'scripts/**/*.test.mjs',
    ],
    environment: 'node',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
