import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { systemRandom } from '@skein/runtime';
import { cutsAround, cutsBetween, OUTSIDE, ruleset, type Cut } from '../network/cuts.ts';

/** A place for processes with an address of its own. */
export interface NetworkHost {
  readonly name: string;
  readonly address: string;
  /** Name of the network namespace, for `nsenter --net=/run/netns/NAME`. */
  readonly namespace: string;
  /** Runs a command there and gives its standard output. */
  run(command: string, ...args: string[]): Promise<string>;
}

const run = promisify(execFile);
// `skein-<pid>-<host>`: a later run sees whose it was, and whether that one still lives.
const PREFIX = 'skein';
const HIGHEST_HOST = 250;

/**
 * Hosts on one bridge of this machine, each a network namespace, so that what lies between two of them can be cut.
 * Needs root. Nothing outside of its own subnet is touched; the machine itself is the host `outside`.
 */
export class Network implements AsyncDisposable {
  /** Address of this machine on the network: servers that the hosts use listen there. */
  readonly address: string;
  readonly #bridge: string;
  readonly #subnet: string;
  readonly #addresses: Map<string, string>;
  readonly #hosts = new Map<string, NetworkHost>();
  #cuts: Cut[] = [];

  private constructor(bridge: string, subnet: string) {
    this.#bridge = bridge;
    this.#subnet = subnet;
    this.address = `${subnet}.1`;
    this.#addresses = new Map([[OUTSIDE, this.address]]);
  }

  /** Whether this process may make networks. */
  static get possible(): boolean {
    return process.platform === 'linux' && process.getuid?.() === 0 && ['ip', 'nft'].every(isInstalled);
  }

  /** Removes what runs that were killed have left, and makes a bridge with a subnet that nothing here uses. */
  static async create(): Promise<Network> {
    sweep((pid) => !existsSync(`/proc/${pid}`));
    const subnet = freeSubnet();
    const network = new Network(`${PREFIX}${process.pid}x${subnet.split('.')[2]}`.slice(0, 15), subnet);
    process.once('exit', network.#removeNow);
    await run('ip', ['link', 'add', network.#bridge, 'type', 'bridge']);
    await run('ip', ['address', 'add', `${network.address}/24`, 'dev', network.#bridge]);
    await run('ip', ['link', 'set', network.#bridge, 'up']);
    return network;
  }

  get hosts(): readonly NetworkHost[] {
    return [...this.#hosts.values()];
  }

  /** The host of this name; made when it is not there yet. `name`: letters, digits and hyphens. */
  async host(name: string): Promise<NetworkHost> {
    const present = this.#hosts.get(name);
    if (present) return present;
    const number = this.#hosts.size + 2;
    if (number > HIGHEST_HOST) throw new Error(`a network takes ${HIGHEST_HOST - 1} hosts`);
    const namespace = `${PREFIX}-${process.pid}-${this.#subnet.split('.')[2]}-${name}`;
    const address = `${this.#subnet}.${number}`;
    const host: NetworkHost = {
      name,
      address,
      namespace,
      run: (command, ...args) => inside(namespace, command, args),
    };
    this.#hosts.set(name, host);
    this.#addresses.set(name, address);
    // Names of interfaces have 15 characters at most.
    const veth = `${PREFIX[0]}${process.pid}v${this.#subnet.split('.')[2]}n${number}`.slice(0, 15);
    await run('ip', ['netns', 'add', namespace]);
    await run('ip', ['link', 'add', veth, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace]);
    await run('ip', ['link', 'set', veth, 'master', this.#bridge, 'up']);
    await run('ip', ['-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0']);
    for (const device of ['lo', 'eth0']) await run('ip', ['-n', namespace, 'link', 'set', device, 'up']);
    await run('ip', ['-n', namespace, 'route', 'add', 'default', 'via', this.address]);
    return host;
  }

  /** Cuts a host off from all others and from this machine. It goes on running, and can talk to itself. */
  async cut(host: string): Promise<void> {
    await this.#add(cutsAround(host, [...this.#hosts.keys()]));
  }

  /** Drops what `from` sends to `to`; the other direction stays open. Either may be `OUTSIDE`. */
  async cutOneWay(from: string, to: string, what: Pick<Cut, 'only' | 'lossPercent'> = {}): Promise<void> {
    await this.#add([{ from, to, ...what }]);
  }

  /** Cuts two hosts off from each other. */
  async cutPair(one: string, other: string): Promise<void> {
    await this.#add(cutsBetween(one, other));
  }

  /** Undoes every cut. */
  async heal(): Promise<void> {
    this.#cuts = [];
    await this.#apply();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#removeNow();
    process.removeListener('exit', this.#removeNow);
  }

  async #add(cuts: readonly Cut[]): Promise<void> {
    this.#cuts.push(...cuts);
    await this.#apply();
  }

  async #apply(): Promise<void> {
    const receivers = [OUTSIDE, ...this.#hosts.keys()];
    await Promise.all(
      receivers.map(async (receiver) => {
        const rules = ruleset(this.#bridge, receiver, this.#cuts, this.#addresses);
        const host = this.#hosts.get(receiver);
        await (host ? host.run('nft', rules) : run('nft', [rules]));
      }),
    );
  }

  // Synchronous, for the end of this process. The interfaces go with their namespaces.
  readonly #removeNow = (): void => {
    for (const { namespace } of this.#hosts.values()) quietly('ip', 'netns', 'delete', namespace);
    quietly('ip', 'link', 'delete', this.#bridge);
    quietly('nft', `delete table inet ${this.#bridge}`);
    this.#hosts.clear();
  };
}

function inside(namespace: string, command: string, args: readonly string[]): Promise<string> {
  return run('nsenter', [`--net=/run/netns/${namespace}`, '--', command, ...args]).then(
    ({ stdout }) => stdout,
  );
}

/** Deletes namespaces and bridges of runs whose process `isGone`. */
function sweep(isGone: (pid: number) => boolean): void {
  const folder = '/run/netns';
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const pid = /^skein-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && isGone(Number(pid))) quietly('ip', 'netns', 'delete', name);
  }
  for (const name of Object.keys(networkInterfaces())) {
    const pid = /^skein(\d+)x\d+$/.exec(name)?.[1];
    if (pid === undefined || !isGone(Number(pid))) continue;
    quietly('ip', 'link', 'delete', name);
    quietly('nft', `delete table inet ${name}`);
  }
}

/** `10.x.y`, of which no interface has an address and which no run has in use. */
function freeSubnet(): string {
  const taken = Object.values(networkInterfaces()).flatMap(
    (list) => list?.map(({ address }) => address) ?? [],
  );
  for (;;) {
    const subnet = `10.${pick(200, 250)}.${pick(1, 250)}`;
    if (!taken.some((address) => address.startsWith(`${subnet}.`))) return subnet;
  }
}

function pick(lowest: number, highest: number): number {
  return lowest + Math.floor(systemRandom() * (highest - lowest + 1));
}

function isInstalled(program: string): boolean {
  return ['/usr/sbin', '/sbin', '/usr/bin', '/bin'].some((folder) => existsSync(`${folder}/${program}`));
}

function quietly(command: string, ...args: string[]): void {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
  } catch {
    // It was not there, or has gone already.
  }
}
