import { defineConfig } from 'vitest/config';

// Workspace packages resolve to their sources, so that a test never runs against a stale build.
const conditions = ['source', 'module', 'node', 'import', 'default'];

const parts = ['{libs,services}/*/src/**/*.test.ts', 'loadtest/src/**/*.test.ts', 'scripts/**/*.test.mjs'];

/** These leave something in their process: the tracer of OpenTelemetry is one for all, and so is a vendor's prototype. */
const ownProcess = [
  'libs/telemetry/src/adapters/tracing.test.ts',
  'libs/bus/src/adapters/trace-headers.test.ts',
  'libs/rpc/src/adapters/trace-metadata.test.ts',
  'libs/cluster/src/**/redis-connection.test.ts',
];

/** Real packets at a real pace, of which they count the lost ones: too many neighbours would lose them some. */
const paced = [
  'services/media-node/src/pipes/congestion/narrow-pipe.test.ts',
  'services/media-node/src/pipes/health/broken-pipes.test.ts',
  'services/media-node/src/adapters/mediasoup-pipe-layers.test.ts',
];

/** Pictures encoded as well as the processor allows, and gaps in media of which a round must be free: nothing else runs meanwhile. */
const alone = [
  'tests/chaos/media-nodes.test.ts',
  'tests/cluster/captures.test.ts',
  'tests/cluster/thin-viewer.test.ts',
];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node', 'import', 'default'] } },
  test: {
    environment: 'node',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: parts,
          exclude: ['**/node_modules/**', ...ownProcess, ...paced],
          // Loading modules again for each file costs more than all tests do.
          isolate: false,
          // Most of the time the longest ones wait for real servers, which takes no processor.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'globals', include: ownProcess, maxWorkers: 3, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ['tests/**/*.test.ts', ...paced],
          exclude: ['**/node_modules/**', ...alone],
          isolate: false,
          // Whole clusters with browsers: two of them leave the processor idle for half of the time.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: alone, isolate: false, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
