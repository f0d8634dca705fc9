import { describe, expect, it } from 'vitest';
import { inheritedEnv, planServices, type ClusterPlanInput } from './service-plan.ts';

const input: ClusterPlanInput = {
  gateways: 2,
  mediaNodes: 3,
  controls: 1,
  natsUrl: 'nats://n:1',
  redisUrl: 'redis://r:2',
  gatewayPorts: [8080, 8081],
  controlPort: 7000,
  webDir: '/page',
  env: {},
};

describe('planServices', () => {
  it('names each process and gives all of them the same stores', () => {
    const plans = planServices(input);
    expect(plans.map(({ name }) => name)).toEqual([
      ...['media-node-1', 'media-node-2', 'media-node-3'],
      ...['gateway-1', 'gateway-2', 'control'],
    ]);
    for (const { env } of plans) {
      expect(env).toMatchObject({ SKEIN_NATS_URL: 'nats://n:1', SKEIN_REDIS_URL: 'redis://r:2' });
    }
  });

  it('gives each gateway its port, each media node its id, and control its port', () => {
    const env = Object.fromEntries(planServices(input).map((plan) => [plan.name, plan.env]));
    expect(env['gateway-2']).toMatchObject({ SKEIN_GATEWAY_PORT: '8081', SKEIN_GATEWAY_WEB_DIR: '/page' });
    expect(env['media-node-3']).toMatchObject({ SKEIN_NODE_ID: 'media-node-3', SKEIN_NODE_GRPC_PORT: '0' });
    expect(env['control']).toMatchObject({ SKEIN_CONTROL_GRPC_PORT: '7000' });
  });

  it('announces all gateways to clients, unless the environment sets them or others may come', () => {
    const told = (env: ClusterPlanInput['env']): (string | undefined)[] =>
      planServices({ ...input, env })
        .filter(({ kind }) => kind === 'gateway')
        .map((plan) => plan.env['SKEIN_GATEWAY_URLS']);
    const all = 'http://localhost:8080,http://localhost:8081';
    expect(told({})).toEqual([all, all]);
    expect(told({ SKEIN_GATEWAY_HOST: '::1' })[0]).toBe('http://[::1]:8080,http://[::1]:8081');
    expect(told({ SKEIN_GATEWAY_HOST: '0.0.0.0' })).toEqual(['', '']);
    expect(told({ SKEIN_GATEWAY_URLS: 'https://a' })).toEqual(['https://a', 'https://a']);
  });

  it('starts one worker in each node, unless the environment or the caller wants otherwise', () => {
    const workers = (more: Partial<ClusterPlanInput>): string | undefined =>
      planServices({ ...input, ...more })[0]?.env['SKEIN_NODE_WORKERS'];
    expect(workers({})).toBe('1');
    expect(workers({ env: { SKEIN_NODE_WORKERS: '2' } })).toBe('2');
    expect(workers({ env: { SKEIN_NODE_WORKERS: '2' }, workersPerNode: 3 })).toBe('3');
  });

  it('gives nodes that share this machine media ports of their own, from the first one on', () => {
    const env = { SKEIN_NODE_RTC_PORT: '40000', SKEIN_NODE_WORKERS: '2' };
    const hosts = { 'media-node-2': { address: '10.1.1.2', namespace: 'two' } };
    const ports = (more: Partial<ClusterPlanInput>) =>
      planServices({ ...input, env, ...more }).flatMap(({ kind, env: own }) =>
        kind === 'media-node' ? [own['SKEIN_NODE_RTC_PORT']] : [],
      );
    expect(ports({})).toEqual(['40000', '40002', '40004']);
    expect(ports({ hosts })).toEqual(['40000', '40000', '40004']);
    expect(ports({ env: {} })).toEqual([undefined, undefined, undefined]);
  });

  it('puts a media node on a host of its own, with its address', () => {
    const hosts = { 'media-node-2': { address: '10.1.1.2', namespace: 'two' } };
    const plans = planServices({ ...input, hosts });
    expect(plans.map(({ namespace }) => namespace)).toEqual([undefined, 'two', ...Array(4)]);
    expect(plans[1]?.env).toMatchObject({ SKEIN_NODE_HOST: '10.1.1.2', SKEIN_NODE_GRPC_HOST: '10.1.1.2' });
  });

  it('has services stop soon, unless the environment gives them time to move their calls', () => {
    const drain = (env: ClusterPlanInput['env']): (string | undefined)[] =>
      planServices({ ...input, env }).map((plan) => plan.env['SKEIN_GATEWAY_DRAIN_DEADLINE_MS']);
    expect(new Set(drain({}))).toEqual(new Set(['1000']));
    expect(new Set(drain({ SKEIN_GATEWAY_DRAIN_DEADLINE_MS: '9000' }))).toEqual(new Set(['9000']));
  });

  it('leaves control out when it is not wanted', () => {
    expect(planServices({ ...input, controls: 0 }).some(({ kind }) => kind === 'control')).toBe(false);
  });
});

describe('inheritedEnv', () => {
  it('passes on the environment, but no setting of Skein that happens to be in it', () => {
    expect(inheritedEnv({ PATH: '/bin', SKEIN_LOG_LEVEL: 'debug', EMPTY: undefined })).toEqual({
      PATH: '/bin',
    });
  });
});
