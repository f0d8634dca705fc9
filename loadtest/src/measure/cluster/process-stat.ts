/** One process as proc(5) shows it. */
export interface ProcessStat {
  readonly pid: number;
  readonly parentPid: number;
  /** User and system time, its own and that of children that have ended and were waited for. */
  readonly cpuTicks: number;
  readonly residentPages: number;
  /** Since boot. With the pid it names this very process. */
  readonly startTicks: number;
}

/** What a process and all that it has started use. */
export interface TreeUsage {
  /** Cumulative; falls when a process of the tree ends without being waited for. */
  readonly cpuMs: number;
  readonly residentBytes: number;
  /** 0: the process is gone. */
  readonly processes: number;
}

/** Linux counts CPU time in hundredths of a second for user space, on every architecture (USER_HZ). */
const TICK_MS = 10;

/** Fields of /proc/PID/stat behind the name, which is in parentheses and may hold anything. */
const FIELD = { parentPid: 1, utime: 11, stime: 12, cutime: 13, cstime: 14, starttime: 19, rss: 21 } as const;

/** Reads the text of /proc/PID/stat; `undefined` when it is not one. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const nameEnd = text.lastIndexOf(')');
  const pid = Number.parseInt(text, 10);
  if (nameEnd < 0 || !Number.isInteger(pid)) return undefined;
  const fields = text.slice(nameEnd + 2).split(' ');
  const field = (index: number): number => Number(fields[index] ?? 0);
  return {
    ...{ pid, parentPid: field(FIELD.parentPid), residentPages: field(FIELD.rss) },
    cpuTicks: field(FIELD.utime) + field(FIELD.stime) + field(FIELD.cutime) + field(FIELD.cstime),
    startTicks: field(FIELD.starttime),
  };
}

/** Sums up the trees that begin at these processes. */
export function treeUsages(
  roots: readonly number[],
  all: readonly ProcessStat[],
  pageBytes: number,
): Map<number, TreeUsage> {
  const children = new Map<number, ProcessStat[]>();
  for (const one of all) {
    const siblings = children.get(one.parentPid);
    if (siblings) siblings.push(one);
    else children.set(one.parentPid, [one]);
  }
  const byPid = new Map(all.map((one) => [one.pid, one]));
  return new Map(roots.map((root) => [root, usageOf(treeAt(byPid.get(root), children), pageBytes)]));
}

function treeAt(
  root: ProcessStat | undefined,
  children: ReadonlyMap<number, readonly ProcessStat[]>,
): ProcessStat[] {
  const tree = root ? [root] : [];
  for (let at = 0; at < tree.length; at++) tree.push(...(children.get(tree[at]?.pid ?? -1) ?? []));
  return tree;
}

function usageOf(tree: readonly ProcessStat[], pageBytes: number): TreeUsage {
  return {
    cpuMs: tree.reduce((sum, { cpuTicks }) => sum + cpuTicks * TICK_MS, 0),
    residentBytes: tree.reduce((sum, { residentPages }) => sum + residentPages * pageBytes, 0),
    processes: tree.length,
  };
}

/** The whole machine's time so far, ms summed over its cores. */
export interface MachineTime {
  readonly busyMs: number;
  readonly idleMs: number;
}

/** Reads the first line of /proc/stat. */
export function parseMachineTime(text: string): MachineTime {
  const [, ...ticks] = (text.split('\n')[0] ?? '').trim().split(/\s+/);
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, softIrq = 0, steal = 0] =
    ticks.map(Number);
  return {
    busyMs: (user + nice + system + irq + softIrq + steal) * TICK_MS,
    idleMs: (idle + waiting) * TICK_MS,
  };
}

/**
 * Datagrams that this machine has dropped since its start because the buffer of a socket was full, from /proc/net/snmp.
 * `undefined` when it does not say.
 */
export function parseUdpDrops(text: string): number | undefined {
  const [names, values] = text.split('\n').filter((line) => line.startsWith('Udp:'));
  const at = names?.split(' ').indexOf('RcvbufErrors') ?? -1;
  const drops = at < 0 ? undefined : Number(values?.split(' ')[at]);
  return Number.isFinite(drops) ? drops : undefined;
}
