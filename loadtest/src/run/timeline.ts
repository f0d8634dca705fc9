import type { ClusterSample } from '../measure/cluster/cluster-sample.ts';
import { mergeReports, type PeerReport } from '@skein/native-peer/measures';

/** What was measured in one stretch of a run. */
export interface Interval {
  /** Since the start of the run. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Of all peers. */
  readonly report: PeerReport;
  /** The busiest of the tool's own processes: share of one core. */
  readonly busiestToolCpu: number;
  readonly before: ClusterSample;
  readonly after: ClusterSample;
}

/** Stretches kept; beyond that each two neighbours merge, and later ones are twice as long. */
const MOST_INTERVALS = 1200;

/** A shorter stretch, as from the last tick to the end of a run, goes to the one before it: rates of so little time mislead. */
const SHORTEST_MS = 500;

/** Puts the reports of all processes together, stretch by stretch. The memory that it takes is bounded, however long a run is. */
export class Timeline {
  readonly #most: number;
  #intervals: Interval[] = [];
  #perInterval = 1;
  #pending = new Map<number, PeerReport>();
  #open: Interval[] = [];
  #before: ClusterSample;
  #fromMs = 0;

  /** `before`: the cluster at the start. `most`: stretches that are kept. */
  constructor(before: ClusterSample, most = MOST_INTERVALS) {
    this.#before = before;
    this.#most = most;
  }

  get intervals(): readonly Interval[] {
    return this.#open.length > 0 ? [...this.#intervals, joinIntervals(this.#open)] : this.#intervals;
  }

  /** The reports of one process since the last tick add up. */
  add(process: number, report: PeerReport): void {
    const earlier = this.#pending.get(process);
    this.#pending.set(process, earlier ? joinReports(earlier, report) : report);
  }

  /** Ends a stretch. `atMs`: since the start of the run. Gives what it held, with the one before it where it is too short. */
  tick(atMs: number, after: ClusterSample): Interval {
    const reports = [...this.#pending.values()];
    this.#pending = new Map();
    const busiestToolCpu = Math.max(
      0,
      ...reports.map(({ tool }) => (tool.intervalMs > 0 ? tool.cpuMs / tool.intervalMs : 0)),
    );
    const interval = {
      ...{ fromMs: this.#fromMs, toMs: atMs, report: mergeReports(reports), busiestToolCpu },
      ...{ before: this.#before, after },
    };
    this.#fromMs = atMs;
    this.#before = after;
    const last = this.#intervals.at(-1);
    if (last && this.#open.length === 0 && atMs - interval.fromMs < SHORTEST_MS) {
      const joined = joinIntervals([last, interval]);
      this.#intervals.splice(-1, 1, joined);
      return joined;
    }
    this.#open.push(interval);
    if (this.#open.length >= this.#perInterval) this.#close();
    return interval;
  }

  #close(): void {
    this.#intervals.push(joinIntervals(this.#open));
    this.#open = [];
    if (this.#intervals.length < this.#most) return;
    const halved: Interval[] = [];
    for (let at = 0; at < this.#intervals.length; at += 2) {
      halved.push(joinIntervals(this.#intervals.slice(at, at + 2)));
    }
    this.#intervals = halved;
    this.#perInterval *= 2;
  }
}

/** Two reports of the same process, one after the other. */
function joinReports(earlier: PeerReport, later: PeerReport): PeerReport {
  const merged = mergeReports([earlier, later]);
  const intervalMs = earlier.tool.intervalMs + later.tool.intervalMs;
  // A report that follows another at once finds little that has arrived since.
  const flowing = Math.min(later.state.subscriptions, Math.max(earlier.state.flowing, later.state.flowing));
  return {
    ...merged,
    state: { ...later.state, flowing },
    tool: { ...merged.tool, intervalMs, rssBytes: later.tool.rssBytes },
  };
}

/** Neighbours as one; at least one. */
export function joinIntervals(intervals: readonly Interval[]): Interval {
  const [first, ...more] = intervals;
  if (!first) throw new Error('there is no interval to join');
  return more.reduce(
    (joined, next) => ({
      ...{ fromMs: joined.fromMs, toMs: next.toMs, report: joinReports(joined.report, next.report) },
      busiestToolCpu: Math.max(joined.busiestToolCpu, next.busiestToolCpu),
      ...{ before: joined.before, after: next.after },
    }),
    first,
  );
}
