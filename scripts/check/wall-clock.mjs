/**
 * The wall clock jumps, and differs from machine to machine: it measures no interval and orders nothing. These files may
 * read it, each for the reason given.
 */
export const MAY_READ_WALL_CLOCK = new Map([
  ['libs/bus/src/adapters/nats-bus.ts', 'since when there is no connection, to show'],
  ['libs/cluster/src/adapters/redis-connection.ts', 'the same'],
  ['libs/local-cluster/src/adapters/log-folders.ts', 'the name of a folder'],
  ['services/media-node/src/node/media-node.ts', 'the name of a start'],
  ['libs/native-peer/src/processes/process-host.ts', 'reports of several processes on one axis'],
]);

/** The benches put what several processes saw, browsers among them, on one axis; tests move clocks by hand. */
const FREE = [
  /^loadtest\//,
  /^tests\//,
  /\.test\.m?ts$/,
  /\/(test|testing)[-/]/,
  /^libs\/(runtime|testkit)\//,
];

/** Numbers of the lines that read the wall clock through a `Clock`; that no other way is there is linted. */
export function wallClockReads({ file, source }) {
  if (FREE.some((pattern) => pattern.test(file)) || MAY_READ_WALL_CLOCK.has(file)) return [];
  return source
    .split('\n')
    .flatMap((line, at) => (/\b\w*clock\.now\b/i.test(line) || /\.clock\.now\b/.test(line) ? [at + 1] : []));
}
