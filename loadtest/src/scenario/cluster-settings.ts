import { clusterSettings, PLANNED_SETTINGS } from '@skein/local-cluster';
import type { Contradiction } from './problems.ts';
import type { Scenario } from './schema.ts';
import { suggest } from '../cli/suggestion.ts';

/** Each media node has as many workers as the scenario's own field says. */
const WORKERS = 'SKEIN_NODE_WORKERS';
const WORKERS_FIELD = 'cluster.workersPerNode says how many workers a node has';

/** Settings that reach no service: the measured cluster would differ from the requested one. */
export function settingsWithoutEffect({ cluster }: Scenario): Contradiction[] {
  return Object.keys(cluster.settings).flatMap((name) => {
    const message = whyWithoutEffect(name);
    return message === undefined ? [] : [{ path: ['cluster', 'settings', name], message }];
  });
}

function whyWithoutEffect(name: string): string | undefined {
  if (name === WORKERS) return `is not taken from here: ${WORKERS_FIELD}`;
  const planned: readonly string[] = PLANNED_SETTINGS;
  if (planned.includes(name)) return 'is set by the tool itself, for each process; leave it out';
  const known = clusterSettings();
  if (known.includes(name)) return undefined;
  const meant = suggest(name, known);
  if (meant === WORKERS) return `no service has this setting; ${WORKERS_FIELD}`;
  return meant
    ? `no service has this setting; did you mean ${meant}?`
    : `no service has this setting; there are ${known.filter((one) => one !== WORKERS).join(', ')}`;
}
