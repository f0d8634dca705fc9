import { spawn } from 'node:child_process';
import { startRedis } from '@skein/local-cluster';
import { eventually } from '@skein/testkit';
import { describe, expect, it } from 'vitest';
import { readChildren, readFileLimit, readMachineTime, readTreeUsage } from './adapters/proc.ts';
import { readRedisCommands } from './adapters/stores.ts';
import { cpuMsBetween, machineBusyBetween, type ClusterSample } from './cluster-sample.ts';
import { parseProcessStat, parseUdpDrops, treeUsages, type ProcessStat } from './process-stat.ts';
import { parseCommandStats, parseNatsVarz } from './store-stats.ts';

const LINE =
  '42 (a (very) odd name) S 7 42 42 0 -1 4194560 100 0 0 0 150 50 25 25 20 0 11 0 9000 1000000 2500 18446744073709551615';

describe('a process', () => {
  it('is read from the line that proc(5) describes, whatever its name', () => {
    expect(parseProcessStat(LINE)).toEqual({
      ...{ pid: 42, parentPid: 7, cpuTicks: 250, residentPages: 2500, startTicks: 9000 },
    });
    expect(parseProcessStat('nonsense')).toBeUndefined();
  });

  it('is counted with all that it has started, and those with theirs', () => {
    const stat = (pid: number, parentPid: number): ProcessStat => ({
      ...{ pid, parentPid, cpuTicks: 10, residentPages: 2, startTicks: 0 },
    });
    const all = [stat(1, 0), stat(10, 1), stat(11, 10), stat(12, 11), stat(20, 1)];
    const usages = treeUsages([10, 20, 99], all, 1000);
    expect(usages.get(10)).toEqual({ cpuMs: 300, residentBytes: 6000, processes: 3 });
    expect(usages.get(20)).toEqual({ cpuMs: 100, residentBytes: 2000, processes: 1 });
    expect(usages.get(99)).toEqual({ cpuMs: 0, residentBytes: 0, processes: 0 });
  });

  it('is found on this machine, with its children', async () => {
    const shell = spawn('sh', ['-c', 'sleep 30 & wait'], { stdio: 'ignore', detached: true });
    try {
      const usage = await eventually('a tree of two', async () => {
        const found = await readTreeUsage(shell.pid ?? 0);
        return found.processes === 2 && found;
      });
      expect(usage.residentBytes).toBeGreaterThan(100_000);
      expect(await readChildren(shell.pid ?? 0)).toHaveLength(1);
    } finally {
      process.kill(-(shell.pid ?? 0), 'SIGKILL');
    }
  });
});

it('tells the machine’s time and the limit of open files', async () => {
  expect((await readMachineTime())?.busyMs).toBeGreaterThan(0);
  expect(readFileLimit()).toBeGreaterThan(10);
});

it('reads how many datagrams had no room', () => {
  const text =
    'Tcp: A\nTcp: 1\nUdp: InDatagrams NoPorts RcvbufErrors\nUdp: 5 6 77\nUdpLite: RcvbufErrors\nUdpLite: 1\n';
  expect(parseUdpDrops(text)).toBe(77);
  expect(parseUdpDrops('')).toBeUndefined();
});

describe('between two samples', () => {
  const sample = (cpuMs: Record<string, number>, busyMs: number): ClusterSample => ({
    atMs: 0,
    processes: Object.entries(cpuMs).map(([name, used]) => ({
      ...{ name, kind: 'media-node', cpuMs: used, residentBytes: 0, processes: 1 },
    })),
    machine: { busyMs, idleMs: 1000 - busyMs },
  });

  it('counts the CPU of each process, from 0 for a restarted one', () => {
    const before = sample({ one: 100, two: 500 }, 0);
    expect(cpuMsBetween(before, sample({ one: 150, two: 20, three: 5 }, 0), 'media-node')).toBe(75);
    expect(cpuMsBetween(before, sample({ one: 150 }, 0), 'gateway')).toBe(0);
  });

  it('tells how busy the machine was', () => {
    const before = { ...sample({}, 0), machine: { busyMs: 0, idleMs: 0 } };
    expect(machineBusyBetween(before, sample({}, 250))).toBe(0.25);
  });
});

describe('the stores’ counters', () => {
  it('are read from what Redis tells, without what asked for them', () => {
    const text =
      '# Commandstats\r\ncmdstat_evalsha:calls=3,usec=9\r\ncmdstat_hset:calls=4,usec=2\r\ncmdstat_info:calls=9,usec=1\r\n';
    expect(parseCommandStats(text)).toEqual({ all: 7, scripts: 3 });
  });

  it('are read from what NATS tells', () => {
    expect(parseNatsVarz({ in_msgs: 5, out_msgs: 9 })).toEqual({ received: 5, sent: 9 });
    expect(parseNatsVarz('not it')).toBeUndefined();
  });

  it('come from a Redis that runs, and are missing when it does not answer', async () => {
    const redis = await startRedis();
    expect(await readRedisCommands(redis.url)).toEqual({ all: 0, scripts: 0 });
    await redis.stop();
    expect(await readRedisCommands(redis.url)).toBeUndefined();
  });
});
