/**
 * What packages do not hold yet, until their owners have moved them; delete a package from a list when it does. What is left in
 * them is shown by `node scripts/check/boundaries.mjs --left`.
 */
export const NOT_YET = {
  /** Rings of files or folders. */
  rings: ['libs/bus', 'libs/telemetry', 'services/gateway', 'services/media-node', 'loadtest'],
  /** No entry in `ORDER`. */
  order: [
    'libs/native-peer',
    'libs/bus',
    'libs/client',
    'libs/local-cluster',
    'libs/native-peer',
    'libs/protocol',
    'libs/rpc',
    'libs/runtime',
    'libs/telemetry',
    'libs/testkit',
    'services/gateway',
    'services/media-node',
    'services/web',
    'loadtest',
    'tests',
  ],
  /** Test code in `test-*.ts` and `testing-*.ts` instead of `src/testing`. */
  testing: ['loadtest', 'tests'],
  /** Types called *Parts, *Ports, *Controls, *Dependencies. */
  names: [
    'libs/native-peer',
    'libs/bus',
    'libs/client',
    'libs/native-peer',
    'libs/rpc',
    'services/gateway',
    'services/media-node',
    'loadtest',
  ],
  /** Names of tests of more than 90 characters. */
  titles: [
    'libs/native-peer',
    'libs/bus',
    'libs/client',
    'libs/local-cluster',
    'libs/native-peer',
    'libs/protocol',
    'services/gateway',
    'services/media-node',
    'loadtest',
    'tests',
  ],
  /** Info lines without an event. */
  events: ['libs/bus', 'libs/runtime', 'services/gateway', 'services/media-node'],
};
