import { readFile } from 'node:fs/promises';
import type { WorkerProcess } from '../media/engine.ts';

/** Linux counts CPU time in hundredths of a second for user space, on every architecture (USER_HZ). */
const TICK_MS = 10;

/** proc(5), the field behind the name. What is not here is on its way out, and says so otherwise. */
const STATES: Readonly<Record<string, WorkerProcess['state']>> = {
  R: 'runs',
  S: 'sleeps',
  D: 'blocked',
  T: 'stopped',
  t: 'stopped',
};

/** A process as the system sees it; `undefined` when it is gone, or this system has no /proc. */
export async function readWorkerProcess(pid: number): Promise<WorkerProcess | undefined> {
  try {
    return parseWorkerProcess(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The text of /proc/PID/stat. The name is in parentheses and may hold anything. */
export function parseWorkerProcess(text: string): WorkerProcess | undefined {
  const nameEnd = text.lastIndexOf(')');
  const fields = text.slice(nameEnd + 2).split(' ');
  const state = STATES[fields[0] ?? ''];
  const cpuTicks = Number(fields[11]) + Number(fields[12]);
  if (nameEnd < 0 || !state || !Number.isInteger(cpuTicks)) return undefined;
  return { state, cpuMs: cpuTicks * TICK_MS };
}
