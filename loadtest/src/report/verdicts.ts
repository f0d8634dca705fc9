import type { Statistic, Thresholds } from '../scenario/threshold-schema.ts';
import type { Figures, Verdict } from './document.ts';

/** What only the tool's own cluster can be measured for. */
const OWN_CLUSTER_ONLY: ReadonlySet<string> = new Set([
  'cpuUsPerPacket',
  'nodeBytesPerParticipant',
  'gatewayBytesPerConnection',
  'redisCommandsPerJoin',
  'redisScriptsPerJoin',
  'natsMessagesPerJoin',
]);

/** Holds figures against thresholds: one verdict for each bound, in the order of the scenario. */
export function judge(thresholds: Thresholds, figures: Figures, target: 'own' | 'url'): Verdict[] {
  return Object.entries(thresholds).flatMap(([name, bound]) => {
    if (bound === undefined) return [];
    const measured = figures[name as keyof Thresholds];
    const skipped = target === 'url' && OWN_CLUSTER_ONLY.has(name);
    if (typeof bound === 'number') {
      return [verdict(name, bound, typeof measured === 'number' ? measured : undefined, skipped)];
    }
    return Object.entries(bound).map(([statistic, limit]) => {
      const percentiles = typeof measured === 'object' && measured.count > 0 ? measured : undefined;
      return verdict(`${name}.${statistic}`, limit, percentiles?.[statistic as Statistic], skipped);
    });
  });
}

function verdict(figure: string, limit: number, measured: number | undefined, skipped: boolean): Verdict {
  if (skipped) return { figure, limit, outcome: 'skipped' };
  if (measured === undefined || !Number.isFinite(measured)) return { figure, limit, outcome: 'unmeasured' };
  return { figure, limit, measured, outcome: measured <= limit ? 'met' : 'unmet' };
}

/** `latencyMs.p99 is 130, more than 100`; for verdicts that are not met. */
export function verdictProblem({ figure, limit, measured, outcome }: Verdict): string | undefined {
  if (outcome === 'unmet') return `${figure} is ${measured}, more than ${limit}`;
  if (outcome === 'unmeasured') return `${figure} was not measured, and should be at most ${limit}`;
  return undefined;
}
