import { readdirSync, readFileSync } from 'node:fs';

/** `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Node runs on (proc(5), utime). */
const TICK_MS = 10;

/** CPU time of a process and all that it has started, so far, in ms. 0 when it is gone. */
export function treeCpuMs(pid: number): number {
  const children = new Map<number, number[]>();
  const cpuMs = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statOf(name);
    if (!stat) continue;
    cpuMs.set(Number(name), stat.cpuMs);
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (const one of tree) tree.push(...(children.get(one) ?? []));
  return tree.reduce((sum, one) => sum + (cpuMs.get(one) ?? 0), 0);
}

function statOf(pid: string): { readonly parent: number; readonly cpuMs: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name is in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [, parent, utime, stime] = [fields[0], fields[1], fields[11], fields[12]].map(Number);
    return { parent: parent ?? 0, cpuMs: ((utime ?? 0) + (stime ?? 0)) * TICK_MS };
  } catch {
    return undefined;
  }
}

/** Resident memory of one process, in bytes, as the kernel counts it for itself (`smaps_rollup`, proc(5)). */
export function residentBytes(pid: number): { readonly rss: number; readonly pss: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytes = (name: string): number =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0);
  return { rss: bytes('Rss'), pss: bytes('Pss') };
}

/** How many files a process may have open, sockets among them. */
export function openFilesLimit(pid: number | 'self' = 'self'): number {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}
