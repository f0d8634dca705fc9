/**
 * What packages do not hold yet, until their owners have moved them; delete a package from a list when it does. What is left in
 * them is shown by `node scripts/check/boundaries.mjs --left`.
 */
export const NOT_YET = {
  /** Rings of files or folders. */
  rings: ['libs/bus', 'libs/client', 'libs/telemetry', 'services/gateway', 'loadtest'],
  /** No entry in `ORDER`. */
  order: [
    'libs/native-peer',
    'libs/bus',
    'libs/client',
    'libs/cluster',
    'libs/local-cluster',
    'libs/protocol',
    'libs/rpc',
    'libs/runtime',
    'libs/telemetry',
    'libs/testkit',
    'services/control',
    'services/gateway',
    'services/web',
    'loadtest',
    'tests',
  ],
  /** Test code in `test-*.ts` and `testing-*.ts` instead of `src/testing`. */
  testing: ['libs/bus', 'libs/cluster', 'services/control', 'loadtest', 'tests'],
  /** Types called *Parts, *Ports, *Controls, *Dependencies. */
  names: [
    'libs/native-peer',
    'libs/bus',
    'libs/client',
    'libs/cluster',
    'libs/rpc',
    'services/control',
    'services/gateway',
    'loadtest',
  ],
  /** Names of tests of more than 90 characters. */
  titles: [
    'libs/native-peer',
    'libs/bus',
    'libs/client',
    'libs/cluster',
    'libs/local-cluster',
    'libs/protocol',
    'services/control',
    'services/gateway',
    'loadtest',
    'tests',
  ],
  /** Info lines without an event. */
  events: ['libs/bus', 'libs/cluster', 'libs/runtime', 'services/control', 'services/gateway'],
};
