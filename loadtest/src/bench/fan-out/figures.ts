import { hundredths } from '../../measure/statistics.ts';

/** What a stretch of one audience came to, as far as rows are compared by it. */
export interface AudienceCost {
  readonly viewers: number;
  readonly nodes: number;
  readonly workersPerNode: number;
  readonly usPerPacket: number;
}

/** How the cost of a packet changes from the smallest audience to the biggest one: 1 or less is linear in the viewers. */
export interface CostGrowth {
  readonly nodes: number;
  readonly workersPerNode: number;
  readonly fromViewers: number;
  readonly toViewers: number;
  readonly ratio: number;
}

/** The share of all workers' CPU that each has taken, in their order; all 0 when none took any. */
export function sharesOf(cpuMs: readonly number[]): number[] {
  const all = cpuMs.reduce((sum, one) => sum + one, 0);
  return cpuMs.map((one) => (all > 0 ? hundredths(one / all) : 0));
}

/** How much more the busiest worker has taken than the mean of all: 1 is even, the number of workers is all on one. */
export function busiestToMean(cpuMs: readonly number[]): number {
  const all = cpuMs.reduce((sum, one) => sum + one, 0);
  return all > 0 ? hundredths((Math.max(...cpuMs) * cpuMs.length) / all) : 1;
}

/** For each shape of cluster of which two audiences have been measured, in the rows' order. */
export function costGrowths(rows: readonly AudienceCost[]): CostGrowth[] {
  return [...new Set(rows.map(shapeOf))].flatMap((shape) => {
    const same = rows.filter((row) => shapeOf(row) === shape);
    const [least, ...more] = same.toSorted((one, other) => one.viewers - other.viewers);
    const most = more.at(-1);
    if (!least || !most) return [];
    const { nodes, workersPerNode } = least;
    const [fromViewers, toViewers] = [least.viewers, most.viewers];
    const ratio = hundredths(most.usPerPacket / least.usPerPacket);
    return [{ nodes, workersPerNode, fromViewers, toViewers, ratio }];
  });
}

function shapeOf({ nodes, workersPerNode }: AudienceCost): string {
  return `${nodes} of ${workersPerNode}`;
}
