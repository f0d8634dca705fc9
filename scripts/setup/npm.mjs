import { basename, dirname, delimiter } from 'node:path';
import { findProgram, run } from './command.mjs';
import { UserError } from './user-error.mjs';

/** Runs npm under the Node that runs this script, whatever Node npm itself was started with. */
export async function runNpm(args, cwd) {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}` };
  // Set by an outer npm; other package managers set it to their own program.
  const outer = process.env.npm_execpath;
  if (outer && basename(outer) === 'npm-cli.js') return run(process.execPath, [outer, ...args], { cwd, env });
  const npm = findProgram('npm');
  if (!npm) throw new UserError('npm is not installed; it comes with Node.js (Debian: apt-get install npm)');
  return run(npm, args, { cwd, env });
}
