import type { Failure } from './failures.ts';

const LIMITS: readonly string[] = ['OUT_OF_FILE_HANDLES', 'OUT_OF_PORTS'];

/**
 * Why a run is not whole because of this machine, one line each; pure. `failures`: of joins, and of peers that had joined.
 * `warnings`: what was seen before the run. A cluster of the tool's own that runs out of file handles answers nothing, so
 * that what fails after such a warning is put down to it.
 */
export function machineLimits(
  joins: readonly Failure[],
  others: readonly Failure[],
  warnings: readonly string[],
): string[] {
  const atLimit = (one: Failure): boolean => LIMITS.includes(one.code);
  const told = [
    ...joins.filter(atLimit).map(({ count, message }) => `${count} joins failed: ${message}`),
    ...others.filter(atLimit).map(({ count, message }) => `${count} peers were in trouble: ${message}`),
  ];
  if (told.length > 0 || joins.length === 0) return told;
  const failed = joins.reduce((sum, { count }) => sum + count, 0);
  return warnings.map((warning) => `${failed} joins failed, which may be this machine's doing: ${warning}`);
}
