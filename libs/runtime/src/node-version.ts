/** `EX_CONFIG` of sysexits.h, as for a wrong setting: starting again does not help. */
const EXIT_WRONG_NODE = 78;

const ENGINES = /^>=(\d+)\.(\d+)\.0(?: <(\d+))?$/;

/**
 * Ends this process with exit code 78 and one line unless it runs on a Node.js that `engines` allows: `>=22.15.0`, or
 * `>=22.15.0 <23` where native code is built for one major version. Must be evaluated before every module that an
 * older Node.js cannot load, so this file imports nothing.
 */
export function requireNode(what: string, engines: string): void {
  if (nodeSatisfies(process.versions.node, engines)) return;
  process.stderr.write(
    `${what} needs Node.js ${engines} and was started with ${process.versions.node}; ` +
      `start it with such a Node.js, or the whole cluster with npm start, which brings its own\n`,
  );
  process.exit(EXIT_WRONG_NODE);
}

/** Throws a `RangeError` for a range of another form. */
export function nodeSatisfies(version: string, engines: string): boolean {
  const [, leastMajor, leastMinor, below = 'Infinity'] = ENGINES.exec(engines) ?? [];
  if (leastMajor === undefined) throw new RangeError(`${engines} is not like ">=22.15.0 <23"`);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major >= Number(below)) return false;
  return major > Number(leastMajor) || (major === Number(leastMajor) && minor >= Number(leastMinor));
}
