/**
 * Children that must not be left behind when this process ends without stopping them: after an uncaught error, or
 * in a test runner that exits. A clean stop empties the set first.
 */
const groups = new Set<number>();
let watching = false;

export function rememberChild(pid: number): void {
  if (pid > 0) groups.add(pid);
  if (watching) return;
  watching = true;
  process.on('exit', () => {
    for (const group of groups) killGroup(group);
  });
}

export function forgetChild(pid: number): void {
  groups.delete(pid);
}

/** Ends a child and all that it started, at once. */
export function killGroup(pid: number): void {
  try {
    if (pid > 0) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
