import { rmSync } from 'node:fs';

/**
 * What this process must not leave behind when it ends without stopping its children: an uncaught error, or a
 * test runner that exits. A clean stop empties both sets first.
 */
const groups = new Set<number>();
const directories = new Set<string>();
let watching = false;

export function rememberChild(pid: number): void {
  if (pid > 0) groups.add(pid);
  watchExit();
}

export function forgetChild(pid: number): void {
  groups.delete(pid);
}

export function rememberDirectory(path: string): void {
  directories.add(path);
  watchExit();
}

export function forgetDirectory(path: string): void {
  directories.delete(path);
}

function watchExit(): void {
  if (watching) return;
  watching = true;
  process.on('exit', () => {
    for (const pid of groups) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    for (const path of directories) rmSync(path, { recursive: true, force: true });
  });
}
