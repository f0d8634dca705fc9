import { formatDuration } from './progress.mjs';

/**
 * A set-up step: `check()` is fast and returns what is missing, in words, or `undefined`;
 * `run()` does it.
 * @typedef {{ name: string, check(): string | undefined | Promise<string | undefined>, run(): void | Promise<void> }} Step
 */

/**
 * Runs what needs to be run, in order, and says for each how long it took. Stops at the first failure.
 * @param {readonly Step[]} steps
 * @returns the names of the steps that ran
 */
export async function runSteps(steps, progress, now = () => performance.now()) {
  const startedAt = now();
  const ran = [];
  for (const step of steps) {
    const todo = await step.check();
    if (todo === undefined) continue;
    const beganAt = now();
    progress.begin(step.name, todo);
    await step.run();
    progress.end(step.name, now() - beganAt);
    ran.push(step.name);
  }
  if (ran.length > 1) progress.line(`✓ set up in ${formatDuration(now() - startedAt)}`);
  return ran;
}
