import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { planServices, type ServiceKind } from './service-plan.ts';
import { clusterSettings, PLANNED_SETTINGS, SERVICE_SETTINGS } from './service-settings.ts';

/** Held against the tables of the services by tests of theirs. */
const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');

const SECTIONS: Readonly<Record<ServiceKind, string>> = {
  gateway: 'Gateway',
  'media-node': 'Media node',
  control: 'Control',
};

it.each(Object.entries(SECTIONS))(
  'the settings of a %s are those of docs/configuration.md',
  (kind, title) => {
    const section = page.split(/^## /m).find((one) => one.startsWith(`${title}\n`)) ?? '';
    const named = [...section.matchAll(/^\| `(SKEIN_\w+)` \|/gm)].map(([, name]) => name);
    expect(SERVICE_SETTINGS[kind as ServiceKind].toSorted()).toEqual(named.toSorted());
  },
);

it('every setting of a cluster has a service that reads it, and no planned one can be set', () => {
  const all = new Set(Object.values(SERVICE_SETTINGS).flat());
  const plans = planServices({
    ...{ gateways: 1, mediaNodes: 1, controls: 1, gatewayPorts: [1], controlPort: 2 },
    ...{ natsUrl: 'nats://n:1', redisUrl: 'redis://r:2', webDir: '/page' },
    env: Object.fromEntries([...all].map((name) => [name, 'wished'])),
  });
  const reached = [...all].filter((name) =>
    plans.some(({ kind, env }) => SERVICE_SETTINGS[kind].includes(name) && env[name] === 'wished'),
  );
  expect(reached.toSorted()).toEqual(clusterSettings().toSorted());
  expect([...all].filter((name) => !reached.includes(name)).toSorted()).toEqual(PLANNED_SETTINGS.toSorted());
});
