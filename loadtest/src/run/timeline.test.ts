import { describe, expect, it } from 'vitest';
import { testCluster, testReport } from '../testing/peer-reports.ts';
import { Timeline } from './timeline.ts';

describe('a timeline', () => {
  it('adds up what the processes report until the next tick', () => {
    const timeline = new Timeline(testCluster(0, 0));
    timeline.add(0, testReport({ packetsReceived: 10 }, { peers: 2, subscriptions: 4, flowing: 4 }));
    timeline.add(1, testReport({ packetsReceived: 5 }, { peers: 1, subscriptions: 2, flowing: 1 }));
    const interval = timeline.tick(1000, testCluster(1000, 50));
    expect(interval).toMatchObject({ fromMs: 0, toMs: 1000, busiestToolCpu: 0.1 });
    expect(interval.report.measures.packetsReceived).toBe(15);
    expect(interval.report.state).toMatchObject({ peers: 3, subscriptions: 6, flowing: 5 });
  });

  it('does not take subscriptions for silent when a process reports twice in a row', () => {
    const timeline = new Timeline(testCluster(0, 0));
    timeline.add(0, testReport({ packetsReceived: 10 }, { peers: 1, subscriptions: 4, flowing: 4 }));
    timeline.add(0, testReport({}, { peers: 1, subscriptions: 3, flowing: 0 }));
    expect(timeline.tick(1000, testCluster(1000, 0)).report.state).toMatchObject({
      subscriptions: 3,
      flowing: 3,
    });
  });

  it('gives what came in the last moment to the stretch before it', () => {
    const timeline = new Timeline(testCluster(0, 0));
    for (const atMs of [1000, 2000, 2010]) {
      timeline.add(0, testReport({ packetsReceived: 10 }));
      timeline.tick(atMs, testCluster(atMs, atMs / 100));
    }
    const spans = timeline.intervals.map(({ fromMs, toMs, report: { measures } }) => [
      fromMs,
      toMs,
      measures.packetsReceived,
    ]);
    expect(spans).toEqual([
      [0, 1000, 10],
      [1000, 2010, 20],
    ]);
  });

  it('makes one of two neighbours when there are too many, and loses nothing', () => {
    const timeline = new Timeline(testCluster(0, 0), 8);
    for (let second = 1; second <= 101; second++) {
      timeline.add(0, testReport({ packetsReceived: 1 }));
      timeline.tick(second * 1000, testCluster(second * 1000, second));
    }
    const { intervals } = timeline;
    expect(intervals.length).toBeLessThanOrEqual(9);
    expect(intervals.reduce((sum, { report }) => sum + report.measures.packetsReceived, 0)).toBe(101);
    expect(intervals[0]?.fromMs).toBe(0);
    expect(intervals.at(-1)?.toMs).toBe(101_000);
    expect(intervals.slice(1).map(({ fromMs }) => fromMs)).toEqual(
      intervals.slice(0, -1).map(({ toMs }) => toMs),
    );
  });
});
