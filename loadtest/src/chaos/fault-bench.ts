import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeExit, freePort, startCluster, type ServiceHost } from '@skein/local-cluster';
import { systemClock, type Random } from '@skein/runtime';
import { ClusterProbe, Network } from '@skein/testkit';
import { ClientPool } from './clients/adapters/client-pool.ts';
import type { Client } from './clients/client.ts';
import type { Violation } from './observing/invariants.ts';
import { LeakCheck } from './observing/leak-check.ts';
import { Observer } from './observing/observer.ts';
import type { Setting } from './stage/scenario.ts';
import type { StageDeps } from './stage/stage.ts';

export interface FaultBenchOptions {
  readonly setting: Setting;
  readonly form: 'long' | 'short';
  readonly random: Random;
  readonly say: (line: string) => void;
}

const NAMES = ['ada', 'ben', 'cleo', 'dora', 'emil', 'fritz', 'gina', 'hans'];
const FPS = 15;
/** More spare hosts than one round of any scenario starts nodes. */
const SPARE_HOSTS = 2;

/** A call on a cluster of its own, with an observer: all that rounds are run on. Disposing leaves nothing behind. */
export class FaultBench implements AsyncDisposable {
  readonly stage: StageDeps;
  /** Each process' log. */
  readonly logDir: string;
  readonly #clients: Client[];
  readonly #leakCheck: LeakCheck;
  readonly #closers: readonly Closer[];
  #discardsLogs = false;

  private constructor({ stage, clients, leakCheck }: SetUp, logDir: string, closers: readonly Closer[]) {
    this.stage = stage;
    this.logDir = logDir;
    this.#clients = clients;
    this.#leakCheck = leakCheck;
    this.#closers = closers;
  }

  get violations(): readonly Violation[] {
    return this.stage.violations;
  }

  static async open(options: FaultBenchOptions): Promise<FaultBench> {
    const logDir = mkdtempSync(join(tmpdir(), 'skein-chaos-'));
    const closers: Closer[] = [];
    try {
      return new FaultBench(await setUp(options, logDir, closers), logDir, closers);
    } catch (error) {
      await closeAll(closers);
      throw error;
    }
  }

  /**
   * To be called when the last round is over: what it left behind is well again, or told as a violation. Where nothing is
   * open this takes half a second. Answers with what is still open.
   */
  async settle(): Promise<string[]> {
    const { observer, say } = this.stage;
    const open = await observer.calm();
    for (const what of open) say(`not well, though not for long: ${what}`);
    return open;
  }

  /** Everybody leaves, for good. What is left of them in the cluster after that, in words. */
  async leaks(): Promise<string[]> {
    await Promise.all(this.#clients.splice(0).map((client) => client.leave()));
    const leaks = await this.#leakCheck.end(this.stage.say);
    for (const leak of leaks) this.stage.say(`left behind: ${leak}`);
    return leaks;
  }

  /** All held: nobody will read the logs. They go when this is disposed, and stay otherwise. */
  discardLogs(): void {
    this.#discardsLogs = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeAll(this.#closers);
    if (this.#discardsLogs) rmSync(this.logDir, { recursive: true, force: true });
  }
}

type Closer = () => Promise<void> | void;

interface SetUp {
  readonly stage: StageDeps;
  readonly clients: Client[];
  readonly leakCheck: LeakCheck;
}

/** The last opened first. */
async function closeAll(closers: readonly Closer[]): Promise<void> {
  for (const close of closers.toReversed()) await close();
}

async function setUp(
  { setting, form, random, say }: FaultBenchOptions,
  logDir: string,
  closers: Closer[],
): Promise<SetUp> {
  const { mediaNodes, gateways, controls, redisFailsOver, hosts, clients: count, env = {} } = setting;
  say(`${count} people on ${mediaNodes} media nodes, ${gateways} gateways; logs in ${logDir}`);
  const violations: Violation[] = [];
  const onViolation = (violation: Violation): void => {
    violations.push(violation);
    say(`VIOLATION: ${violation.invariant}: ${violation.what}`);
  };
  const network = hosts === 'network' ? await Network.create() : undefined;
  closers.push(async () => network?.[Symbol.asyncDispose]());
  const natsMonitoringPort = await freePort();
  const cluster = await startCluster({
    ...{ mediaNodes, gateways, env, logDir, redisFailsOver, serverAddress: network?.address },
    natsMonitoringPort,
    ...(controls !== undefined && { controls }),
    hosts: network && (await mediaHosts(network, mediaNodes + SPARE_HOSTS)),
    onUnexpectedExit: ({ name }, exit) => {
      // A node that was drained has done what it was told.
      if (exit.code === 0) return;
      const what = `${name} ${describeExit(exit)}`;
      onViolation({ invariant: 'no service crashes', what, atMs: systemClock.now() });
    },
  });
  closers.push(() => cluster.stop());
  const probe = new ClusterProbe(() => cluster.control?.grpcAddress ?? '');
  closers.push(() => probe[Symbol.dispose]());
  const natsMonitorUrl = `http://${network?.address ?? '127.0.0.1'}:${natsMonitoringPort}`;
  const leakCheck = await LeakCheck.begin({ cluster, probe, natsMonitorUrl });
  const crowd = await ClientPool.start();
  closers.push(() => crowd[Symbol.asyncDispose]());
  const clients: Client[] = [];
  const room = `chaos-${process.pid}`;
  const observer = await Observer.start({ rooms: [room], cluster, clients: () => clients }, onViolation);
  closers.push(() => observer[Symbol.asyncDispose]());
  const stage: StageDeps = {
    room,
    cluster,
    network,
    probe,
    observer,
    clients,
    random,
    form,
    round: 1,
    say,
    violations,
    warm: () => leakCheck.warm(),
  };
  await joinAll(crowd, stage, clients, setting);
  return { stage, clients, leakCheck };
}

/** A host for each media node, and for some that join later, by name. */
async function mediaHosts(network: Network, count: number): Promise<Record<string, ServiceHost>> {
  const hosts: Record<string, ServiceHost> = {};
  for (let number = 1; number <= count; number++) {
    const name = `media-node-${number}`;
    hosts[name] = await network.host(name);
  }
  return hosts;
}

/** Each joins through another gateway first, on another node; every second one is a browser. */
async function joinAll(
  crowd: ClientPool,
  { cluster, room }: StageDeps,
  clients: Client[],
  { clients: count, layers }: Setting,
): Promise<void> {
  const urls = cluster.gateways.map(({ url }) => url);
  for (const [index, identity] of NAMES.slice(0, count).entries()) {
    const first = index % urls.length;
    const nodeId = cluster.mediaNodes[index % cluster.mediaNodes.length]?.nodeId;
    const own = {
      urls: [...urls.slice(first), ...urls.slice(0, first)],
      room,
      identity,
      nodeId,
      fps: FPS,
      layers,
    };
    clients.push(await crowd.join(index % 2 === 0 ? 'browser' : 'native', own));
  }
}
