import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bus, connectBus } from '@skein/bus';
import { type ClusterStore, connectStore } from '@skein/cluster';
import { type NatsServer, type RedisServer, startNats, startRedis } from '@skein/local-cluster';
import { type NodeRecord, subjects } from '@skein/protocol';
import { readConfig, systemClock, systemIds, systemRandom } from '@skein/runtime';
import { type Logger, silentLogger } from '@skein/telemetry';
import { SignalClient } from '@skein/testkit';
import { type Gateway, type GatewayOptions, startGateway } from '../gateway.ts';
import { gatewaySettings } from '../settings.ts';
import { ScriptedNode } from './scripted-node.ts';

const HEARTBEAT_MS = 500;
const LEASE_MS = 60_000;

/** Real NATS and Redis, scripted nodes that send heartbeats, and gateways in this process. */
export class LiveCluster implements AsyncDisposable {
  readonly nats: NatsServer;
  readonly redis: RedisServer;
  readonly bus: Bus;
  readonly store: ClusterStore;
  readonly nodes: ScriptedNode[] = [];
  readonly webDir = mkdtempSync(join(tmpdir(), 'skein-gateway-'));
  readonly #gateways: Gateway[] = [];
  readonly #heartbeats: Disposable[] = [];

  private constructor(nats: NatsServer, redis: RedisServer, bus: Bus, store: ClusterStore) {
    this.nats = nats;
    this.redis = redis;
    this.bus = bus;
    this.store = store;
    writeFileSync(join(this.webDir, 'index.html'), '<!doctype html><title>Skein</title>');
  }

  static async start(nodeIds: readonly string[]): Promise<LiveCluster> {
    const [nats, redis] = await Promise.all([startNats(), startRedis()]);
    const shared = { clock: systemClock, name: 'test' };
    const bus = await connectBus({ ...shared, url: nats.url });
    const cluster = new LiveCluster(nats, redis, bus, await connectStore({ ...shared, url: redis.url }));
    for (const nodeId of nodeIds) await cluster.addNode(nodeId);
    return cluster;
  }

  async addNode(nodeId: string): Promise<void> {
    this.nodes.push(new ScriptedNode(this.bus, this.store.rooms, nodeId));
    const record: NodeRecord = {
      ...{ nodeId, region: 'default', state: 'ready', grpcAddress: 'node:1', workers: 1, version: '0' },
      startedAtMs: systemClock.now(),
      beat: 1,
      load: { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions: 0, used: 0 },
    };
    const lease = {
      fence: await this.store.nodes.renew(record, { fence: undefined, ttlMs: LEASE_MS }),
      ttlMs: LEASE_MS,
    };
    let { beat } = record;
    const publish = (): void => {
      beat++;
      this.bus.publish(subjects.nodeBeat(nodeId), { ...record, beat });
      // Fails while the test's store closes.
      this.store.nodes.renew({ ...record, beat }, lease).catch(() => {});
    };
    this.#heartbeats.push(systemClock.every(HEARTBEAT_MS, publish));
  }

  node(nodeId: string): ScriptedNode {
    const node = this.nodes.find((one) => one.nodeId === nodeId);
    if (!node) throw new Error(`there is no ${nodeId}`);
    return node;
  }

  /** A gateway that is connected to this cluster, unless `env` has other servers. */
  async gateway(more: Partial<GatewayOptions> = {}, env: Record<string, string> = {}): Promise<Gateway> {
    const settings = readConfig(gatewaySettings, {
      SKEIN_NATS_URL: this.nats.url,
      SKEIN_REDIS_URL: this.redis.url,
      SKEIN_GATEWAY_PORT: '0',
      SKEIN_GATEWAY_DRAIN_DEADLINE_MS: '200',
      SKEIN_GATEWAY_NODE_CHOICE: 'true',
      SKEIN_GATEWAY_WEB_DIR: this.webDir,
      ...env,
    });
    const log: Logger = silentLogger;
    const surroundings = { clock: systemClock, random: systemRandom, ids: systemIds, log };
    const gateway = await startGateway({ ...surroundings, settings, ...more });
    this.#gateways.push(gateway);
    if (Object.keys(env).length === 0) await gateway.connected;
    return gateway;
  }

  async stop(gateway: Gateway): Promise<void> {
    this.#gateways.splice(this.#gateways.indexOf(gateway), 1);
    await gateway.stop('test');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const gateway of [...this.#gateways]) await this.stop(gateway);
    for (const timer of this.#heartbeats) timer[Symbol.dispose]();
    await Promise.all([this.bus.close(), this.store.close()]);
    await Promise.all([this.nats[Symbol.asyncDispose](), this.redis[Symbol.asyncDispose]()]);
    rmSync(this.webDir, { recursive: true });
  }
}

export function signalUrl({ httpPort }: Pick<Gateway, 'httpPort'>): string {
  return `ws://127.0.0.1:${httpPort}/v1/signal`;
}

export async function connect(gateway: Pick<Gateway, 'httpPort'>): Promise<SignalClient> {
  return await SignalClient.open(signalUrl(gateway));
}
