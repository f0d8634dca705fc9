import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster, type ServiceHost } from '@skein/local-cluster';
import type { Random } from '@skein/runtime';
import { ClusterProbe, launchBrowser, Network, type Browser } from '@skein/testkit';
import { PageServer } from './adapters/page-server.ts';
import { Person } from './adapters/person.ts';
import type { Violation } from './invariants.ts';
import { Observer } from './observer.ts';
import type { Setting } from './scenario.ts';
import type { StageParts } from './stage.ts';

export interface BenchOptions {
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
export class Bench implements AsyncDisposable {
  readonly stage: StageParts;
  /** Each process' log. */
  readonly logDir: string;
  readonly #resources: AsyncDisposableStack;

  private constructor(stage: StageParts, logDir: string, resources: AsyncDisposableStack) {
    this.stage = stage;
    this.logDir = logDir;
    this.#resources = resources;
  }

  get violations(): readonly Violation[] {
    return this.stage.observer.violations;
  }

  static async open({ setting, form, random, say }: BenchOptions): Promise<Bench> {
    await using resources = new AsyncDisposableStack();
    const logDir = mkdtempSync(join(tmpdir(), 'skein-chaos-'));
    say(
      `${setting.people} people on ${setting.mediaNodes} media nodes, ${setting.gateways} gateways; logs in ${logDir}`,
    );
    const network = setting.hosts === 'network' ? resources.use(await Network.create()) : undefined;
    const hosts = network && (await mediaHosts(network, setting.mediaNodes + SPARE_HOSTS));
    const { mediaNodes, gateways, env = {} } = setting;
    const options = { mediaNodes, gateways, env, logDir, hosts, serverAddress: network?.address };
    const cluster = resources.use(await startCluster(options));
    const probe = resources.use(new ClusterProbe(cluster.control?.grpcAddress ?? ''));
    const pages = resources.use(await PageServer.start());
    const browser = resources.adopt(await launchBrowser(), (one) => one.close());
    const room = `chaos-${process.pid}`;
    const people: Person[] = [];
    const watched = { room, cluster, people: () => people };
    const observer = resources.use(
      await Observer.start(watched, ({ invariant, what }) => say(`VIOLATION: ${invariant}: ${what}`)),
    );
    const stage = { room, cluster, network, probe, observer, people, random, form, say };
    await joinAll(stage, people, { browser, pageUrl: pages.url, count: setting.people });
    return new Bench(stage, logDir, resources.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
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

async function joinAll(
  { cluster, room }: StageParts,
  people: Person[],
  { browser, pageUrl, count }: { browser: Browser; pageUrl: string; count: number },
): Promise<void> {
  const urls = cluster.gateways.map(({ url }) => url);
  for (const [index, identity] of NAMES.slice(0, count).entries()) {
    const first = index % urls.length;
    const nodeId = cluster.mediaNodes[index % cluster.mediaNodes.length]?.nodeId;
    const own = { urls: [...urls.slice(first), ...urls.slice(0, first)], room, identity, nodeId, fps: FPS };
    people.push(await Person.join(browser, pageUrl, own));
  }
}
