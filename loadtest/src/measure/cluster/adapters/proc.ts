import { readdir, readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import {
  parseMachineTime,
  parseProcessStat,
  parseUdpDrops,
  treeUsages,
  type MachineTime,
  type ProcessStat,
  type TreeUsage,
} from '../process-stat.ts';

const DEFAULT_PAGE_BYTES = 4096;
/** A process with few file handles left still gets to know all others. */
const READS_AT_ONCE = 16;

/** What each of these processes and all that it has started use now. Linux only; elsewhere everything is 0. */
export async function readTreeUsages(roots: readonly number[]): Promise<Map<number, TreeUsage>> {
  return treeUsages(roots, await readProcesses(), pageBytes());
}

/** One tree; see `readTreeUsages`. */
export async function readTreeUsage(root: number): Promise<TreeUsage> {
  const usages = await readTreeUsages([root]);
  return usages.get(root) ?? { cpuMs: 0, residentBytes: 0, processes: 0 };
}

/** The processes that it has started itself, oldest first. */
export async function readChildren(parent: number): Promise<number[]> {
  const all = await readProcesses();
  return all
    .filter(({ parentPid }) => parentPid === parent)
    .toSorted((one, other) => one.startTicks - other.startTicks || one.pid - other.pid)
    .map(({ pid }) => pid);
}

export async function readMachineTime(): Promise<MachineTime | undefined> {
  try {
    return parseMachineTime(await readFile('/proc/stat', 'utf8'));
  } catch {
    return undefined;
  }
}

/** Datagrams that sockets of this machine had no room for. */
export async function readUdpDrops(): Promise<number | undefined> {
  try {
    return parseUdpDrops(await readFile('/proc/net/snmp', 'utf8'));
  } catch {
    return undefined;
  }
}

/** Most files that this process may hold open; `undefined` where that is not told. */
export function readFileLimit(): number | undefined {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return line ? Number(line[1]) : undefined;
  } catch {
    return undefined;
  }
}

async function readProcesses(): Promise<ProcessStat[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  const stats: ProcessStat[] = [];
  for (let start = 0; start < pids.length; start += READS_AT_ONCE) {
    const batch = pids.slice(start, start + READS_AT_ONCE);
    const texts = await Promise.all(
      batch.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')),
    );
    stats.push(...texts.map(parseProcessStat).filter((stat) => stat !== undefined));
  }
  return stats;
}

let knownPageBytes: number | undefined;

function pageBytes(): number {
  knownPageBytes ??= readPageBytes();
  return knownPageBytes;
}

function readPageBytes(): number {
  try {
    const kilobytes = /^KernelPageSize:\s+(\d+) kB/m.exec(readFileSync('/proc/self/smaps', 'utf8'));
    return kilobytes ? Number(kilobytes[1]) * 1024 : DEFAULT_PAGE_BYTES;
  } catch {
    return DEFAULT_PAGE_BYTES;
  }
}
