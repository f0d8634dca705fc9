import { createProgress } from './progress.mjs';
import { rerunUnderNode22 } from './node-toolchain.mjs';
import { endWithNpm, exitOnSignals } from './signals.mjs';
import { UserError } from './user-error.mjs';

/**
 * Runs a top-level script: under Node 22, with errors as one clear line. `body` gets the progress reporter and
 * answers the exit code (default 0).
 * @param {{ machineReadable?: boolean, before?: () => void, body: (progress) => Promise<number | void> }} script
 *   `machineReadable`: stdout is for a program, so set-up prints to stderr. `before`: runs first, under any Node.
 */
export async function main({ machineReadable = false, before = () => {}, body }) {
  exitOnSignals();
  endWithNpm();
  const progress = createProgress(machineReadable ? process.stderr : process.stdout);
  try {
    before();
    process.exitCode = (await rerunUnderNode22(progress)) ?? (await body(progress)) ?? 0;
  } catch (error) {
    // A UserError of set-up or a LaunchError of the local cluster tells a user what to do; anything else is a bug.
    const expected = error instanceof UserError || error?.name === 'LaunchError';
    process.stderr.write(`${expected ? error.message : (error?.stack ?? error)}\n`);
    process.exitCode = error?.exitCode ?? 1;
  }
}
