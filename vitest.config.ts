import { defineConfig } from 'vitest/config';

// Workspace packages resolve to their sources, so that a test never runs against a stale build.
const conditions = ['source', 'module', 'node', 'import', 'default'];

const parts = ['{libs,services}/*/src/**/*.test.ts', 'loadtest/src/**/*.test.ts', 'scripts/**/*.test.mjs'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node', 'import', 'default'] } },
  test: {
    environment: 'node',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'parts', include: parts, sequence: { groupOrder: 0 } } },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ['tests/**/*.test.ts'],
          // Whole clusters with browsers, after all else and one file at a time: they share two cores with what they measure.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
