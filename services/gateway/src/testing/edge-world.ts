import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bus } from '@skein/bus';
import { createMemoryBus } from '@skein/bus/testing';
import type { SessionEnvelope, SessionMethod } from '@skein/protocol';
import { readConfig, systemClock, systemIds, systemRandom } from '@skein/runtime';
import { silentLogger } from '@skein/telemetry';
import { type Gateway, startGateway } from '../gateway.ts';
import { gatewaySettings } from '../settings.ts';
import { MemoryStore } from './memory-store.ts';
import { ScriptedNode } from './scripted-node.ts';

/** A real gateway that listens, over a bus and a store in memory and two scripted nodes. */
export class EdgeWorld implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly bus: Bus;
  readonly store: MemoryStore;
  readonly nodes: readonly ScriptedNode[];
  readonly #webDir: string;
  #isStopped = false;

  private constructor(world: Pick<EdgeWorld, 'gateway' | 'bus' | 'store' | 'nodes'>, webDir: string) {
    this.gateway = world.gateway;
    this.bus = world.bus;
    this.store = world.store;
    this.nodes = world.nodes;
    this.#webDir = webDir;
  }

  static async start(): Promise<EdgeWorld> {
    const hub = createMemoryBus();
    const store = new MemoryStore();
    const nodes = ['node-1', 'node-2'].map((nodeId) => {
      store.addNode(nodeId);
      return new ScriptedNode(hub.connect(nodeId), store, nodeId);
    });
    const webDir = mkdtempSync(join(tmpdir(), 'skein-edge-'));
    const settings = readConfig(gatewaySettings, {
      SKEIN_GATEWAY_PORT: '0',
      SKEIN_GATEWAY_DRAIN_DEADLINE_MS: '200',
      SKEIN_GATEWAY_WEB_DIR: webDir,
    });
    const gateway = await startGateway({
      ...{ settings, clock: systemClock, random: systemRandom, ids: systemIds, log: silentLogger },
      connect: () => Promise.resolve({ bus: hub.connect('gateway'), store }),
      maxBackpressureBytes: 64 * 1024,
    });
    await gateway.connected;
    return new EdgeWorld({ gateway, bus: hub.connect('test'), store, nodes }, webDir);
  }

  node(nodeId: string): ScriptedNode {
    const node = this.nodes.find((one) => one.nodeId === nodeId);
    if (!node) throw new Error(`there is no ${nodeId}`);
    return node;
  }

  requests(method: SessionMethod): SessionEnvelope[] {
    return this.nodes.flatMap((node) => node.requests(method));
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.gateway.stop('test');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    for (const node of this.nodes) node[Symbol.dispose]();
    rmSync(this.#webDir, { recursive: true });
  }
}
