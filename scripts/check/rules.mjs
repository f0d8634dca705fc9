/**
 * The import rules. A file belongs to a package by its folder (`libs/bus`); the folder's first part is its layer.
 */

/** Imports between our packages run one way; `loadtest` and `tests` stand beside the services. The tests run the fault bench's short form. */
export const LAYERS = {
  libs: ['libs'],
  services: ['libs'],
  // Benches run parts of services in one process, by the entries that these export for it.
  loadtest: ['libs', 'services'],
  tests: ['libs', 'loadtest'],
};

/** These know nothing of the other packages. */
export const FOUNDATIONS = {
  'libs/runtime': [],
  'libs/protocol': [],
  'libs/local-cluster': ['libs/runtime'],
};

/** Vendors are imported by the packages that own them, by benches as a baseline, and there only in `adapters/` and tests, unless said otherwise. */
export const VENDORS = [
  { name: 'mediasoup', owners: ['services/media-node', 'loadtest'] },
  { name: '@nats-io/transport-node', owners: ['libs/bus'] },
  { name: '@nats-io/nats-core', owners: ['libs/bus'] },
  { name: 'ioredis', owners: ['libs/cluster'] },
  { name: '@grpc/grpc-js', owners: ['libs/rpc'] },
  { name: '@grpc/proto-loader', owners: ['libs/rpc'] },
  { name: 'uWebSockets.js', owners: ['services/gateway', 'loadtest'] },
  { name: 'mediasoup-client', owners: ['libs/client'] },
  { name: 'node-datachannel', owners: ['libs/native-peer', 'services/media-node'] },
  { name: 'pino', owners: ['libs/telemetry'], anywhere: true },
  { name: 'playwright-core', owners: ['libs/testkit'], anywhere: true },
  { name: 'uplot', owners: ['loadtest'] },
];

/** Not tests, and on the fakes of tests all the same: benches that simulate a whole cluster in virtual time. */
export const SIMULATIONS = ['loadtest/src/bench/simulation/'];

/**
 * The storeys of each package, by folder of its sources (`.` is the top): what stands in that folder, from top to bottom. A file
 * imports only what stands lower, types included. Names in one list stand at the same height and do not import each other;
 * `*.ts` stands for all files without a place (they are at the top where it is left out). Every folder that has sub-folders
 * has an entry. Tests and `src/testing` are outside: they stand above everything.
 *
 *     'services/gateway': {
 *       '.': ['*.ts', 'adapters', 'edges', 'participants', 'rooms', 'media-sessions', 'limits.ts'],
 *       edges: [['websocket', 'web']],
 *     },
 */
export const ORDER = {
  'services/gateway': {
    '.': ['*.ts', 'adapters', 'edges', 'participants', 'rooms', 'media-sessions'],
    edges: ['websocket', 'web', 'edge.ts'],
  },
  'libs/client': {
    '.': [
      '*.ts',
      'adapters',
      'room',
      'session',
      ['publications', 'subscriptions'],
      ['media', 'signaling', 'room-model'],
      'errors',
    ],
  },
  'services/web': {
    '.': ['*.ts', ['call', 'lobby'], 'devices', ['texts', 'elements', 'address'], 'adapters'],
  },
  'libs/cluster': {
    '.': ['*.ts', ['adapters', 'feeds', 'nodes'], 'placement', 'store', ['leases', 'connection', 'scripts']],
  },
  'services/control': {
    '.': ['*.ts', ['skeinctl', 'sweep', 'failure-detection', 'rooms'], 'leadership', 'nodes'],
  },
  'libs/bus': { '.': ['index.ts', 'adapters', '*.ts'] },
  'libs/rpc': { '.': ['index.ts', 'adapters', '*.ts'] },
  'libs/runtime': { '.': ['index.ts', 'adapters', '*.ts'] },
  'libs/telemetry': { '.': ['index.ts', 'adapters', '*.ts'] },
  'libs/native-peer': {
    '.': [['index.ts', 'main.ts'], 'adapters', 'processes', 'peers', 'engine', ['media', 'measures'], 'rtp'],
  },
  'libs/local-cluster': { '.': ['index.ts', 'cli', 'adapters', '*.ts'] },
  'libs/testkit': {
    '.': [
      'index.ts',
      'meeting-page.ts',
      ['cluster-probe.ts', 'signal-client.ts'],
      'adapters',
      'network',
      '*.ts',
    ],
    adapters: ['*.ts', 'relay'],
  },
  loadtest: {
    '.': [['run', 'bench', 'chaos', 'smoke'], 'report', 'scenario', ['measure', 'cli']],
    run: ['*.ts', 'adapters', 'plan'],
    scenario: ['adapters', '*.ts'],
    report: ['index.ts', 'html', '*.ts'],
    'report/html': ['page.ts', 'adapters', '*.ts'],
    measure: ['cluster', '*.ts'],
    'measure/cluster': ['cluster-meter.ts', 'adapters', '*.ts'],
    bench: ['*.ts', ['crowd', 'fan-out', 'first-frame', 'forward', 'simulation'], 'adapters'],
    'bench/crowd': ['*.ts', 'adapters'],
    'bench/forward': ['*.ts', 'adapters'],
    chaos: ['*.ts', 'scenarios', 'stage', 'judging', 'observing', 'clients'],
    'chaos/clients': ['adapters', '*.ts'],
    'chaos/clients/adapters': ['*.ts', ['page', 'native']],
    'chaos/observing': ['*.ts', 'adapters', 'leaks.ts'],
  },
  tests: { '.': [['chaos', 'cluster', 'loadtest']] },
  'libs/protocol': {
    '.': [
      'index.ts',
      'permissions.ts',
      'node-messages.ts',
      'client-messages.ts',
      ['error-status.ts', 'parse.ts', 'subjects.ts', 'room-state-reducer.ts', 'router-capabilities.ts'],
      ['room-state.ts', 'media.ts', 'session-ref.ts', 'grants.ts'],
      'fields.ts',
      ['close-codes.ts', 'errors.ts', 'limits.ts', 'roles.ts', 'track-kinds.ts'],
    ],
  },
  'services/media-node': {
    '.': [
      '*.ts',
      ['node', 'adapters'],
      ['migrations', 'rooms', 'load', 'membership', 'addresses'],
      ['sessions', 'pipes', 'workers'],
      'capacity',
      'media',
    ],
    pipes: ['*.ts', ['planning', 'health', 'congestion'], 'links', ['tracks', 'relays'], 'model'],
  },
};
