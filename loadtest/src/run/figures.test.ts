import { describe, expect, it } from 'vitest';
import { judge, verdictProblem } from '../report/verdicts.ts';
import { bottlenecks } from './bottlenecks.ts';
import { figuresOf, type FigureInput } from './figures.ts';
import { sampleOf } from './samples.ts';
import { testCluster, testHistogram, testReport } from '../testing/peer-reports.ts';
import type { Interval } from './timeline.ts';

function second(at: number, received: number, more: Partial<Interval> = {}): Interval {
  return {
    ...{ fromMs: at * 1000, toMs: (at + 1) * 1000, busiestToolCpu: 0.1 },
    report: testReport(
      { packetsReceived: received, bytesReceived: received * 100, latencyMs: testHistogram(1, 2, 30) },
      { peers: 4, subscriptions: 6, flowing: 6 },
    ),
    before: testCluster(at * 1000, at * 10),
    after: testCluster((at + 1) * 1000, (at + 1) * 10),
    ...more,
  };
}

const parts: FigureInput = {
  intervals: [second(0, 100), second(1, 1000), second(2, 1000), second(3, 1000)],
  ...{
    fullFromMs: 500,
    joinsPlanned: 4,
    joinsAnswered: 4,
    joinsFailed: 0,
    peersLost: 0,
    peersMoved: 0,
    judges: [],
  },
  rest: { from: testCluster(-1000, 0), to: testCluster(0, 0) },
};

describe('the figures of a run', () => {
  it('leave out what a packet costs where the nodes could not be measured', () => {
    const blind = (one: Interval): Interval => ({ ...one, after: { ...one.after, processes: [] } });
    const figures = figuresOf({ ...parts, intervals: parts.intervals.map(blind) });
    expect(figures.cpuUsPerPacket).toBeUndefined();
  });

  it('count everything, and rates and costs under full load only', () => {
    const figures = figuresOf(parts);
    expect(figures).toMatchObject({
      packetsReceived: 3100,
      packetsPerSecond: 1000,
      receivedBps: 800_000,
      loss: 0,
    });
    // 10 ms of CPU for 1000 packets.
    expect(figures.cpuUsPerPacket).toBe(10);
    expect(figures.latencyMs).toMatchObject({ count: 12, max: 30 });
    expect(figures.processes).toEqual([
      { name: 'media-node-1', cpu: 0.01, cpuMost: 0.01, memoryBytes: 1000 },
    ]);
  });

  it('tell what a join costs the stores, less what the cluster does at rest', () => {
    const withRedis = (atMs: number, all: number) => testCluster(atMs, 0, { redis: { all, scripts: all } });
    const run = second(0, 100, { before: withRedis(0, 50), after: withRedis(1000, 210) });
    const rest = { from: withRedis(-1000, 10), to: withRedis(0, 50) };
    expect(figuresOf({ ...parts, intervals: [run], rest }).redisCommandsPerJoin).toBe(30);
  });

  it('take a subscription for silent when nothing came of it in any of the last seconds', () => {
    const silent = (subscriptions: number, flowing: number): Interval =>
      second(1, 10, { report: testReport({}, { subscriptions, flowing }) });
    expect(
      figuresOf({ ...parts, intervals: [silent(6, 0), silent(6, 5), silent(7, 5)] }).silentSubscriptions,
    ).toBe(1);
    expect(figuresOf({ ...parts, intervals: [silent(6, 3), silent(6, 3)] }).silentSubscriptions).toBe(3);
  });

  it('leave out what was not measured', () => {
    const figures = figuresOf({ ...parts, rest: undefined });
    expect(figures.cpuUsPerPacket).toBeUndefined();
    expect(figures.redisCommandsPerJoin).toBeUndefined();
    expect(figures.joinMs.count).toBe(0);
  });
});

describe('thresholds', () => {
  const figures = figuresOf(parts);

  it('are met or not, one verdict for each bound', () => {
    const verdicts = judge({ loss: 0, latencyMs: { p50: 5, max: 20 } }, figures, 'own');
    expect(verdicts).toEqual([
      { figure: 'loss', limit: 0, measured: 0, outcome: 'met' },
      { figure: 'latencyMs.p50', limit: 5, measured: figures.latencyMs.p50, outcome: 'met' },
      { figure: 'latencyMs.max', limit: 20, measured: 30, outcome: 'unmet' },
    ]);
    expect(verdicts.map(verdictProblem)).toEqual([undefined, undefined, 'latencyMs.max is 30, more than 20']);
  });

  it('are not met by what was not measured, but for what only an own cluster can tell', () => {
    const unmeasured = figuresOf({ ...parts, rest: undefined });
    const thresholds = { joinMs: { p95: 100 }, cpuUsPerPacket: 50 };
    expect(judge(thresholds, unmeasured, 'url').map(({ outcome }) => outcome)).toEqual([
      'unmeasured',
      'skipped',
    ]);
    expect(judge(thresholds, unmeasured, 'own').map(({ outcome }) => outcome)).toEqual([
      'unmeasured',
      'unmeasured',
    ]);
  });
});

describe('the tool', () => {
  const healthy = sampleOf(second(0, 100));
  const with_ = (tool: object, more: object = {}) => ({
    ...healthy,
    ...more,
    tool: { ...healthy.tool, ...tool },
  });
  const all = { late: 0, all: 100 };

  it('has nothing to say while it keeps up', () => {
    expect(bottlenecks([healthy, healthy], all)).toEqual([]);
    expect(bottlenecks([], all)).toEqual([]);
  });

  it.each([
    [with_({ sends: 100, lateSends: 5 }), '5.0 % of the packets were sent over 10 ms late'],
    [with_({ loopDelayMs: 80 }), 'a process of the tool was over 50 ms late in 100 % of the time'],
    [with_({ busiestCpu: 0.99 }), 'a process of the tool used its whole core in 100 % of the time'],
    [with_({}, { machineBusy: 1 }), 'this machine had no core to spare in 100 % of the time'],
  ])('says when it was at its limit %#', (sample, line) => {
    expect(bottlenecks([sample], all)).toEqual([line]);
  });

  it('says when it came late, and when sockets were full', () => {
    expect(bottlenecks([healthy], { late: 20, all: 100 }, 7)).toEqual([
      '20 % of what peers were to do came over 100 ms late',
      'sockets of this machine had no room for 7 packets, which counts as loss',
    ]);
  });
});
