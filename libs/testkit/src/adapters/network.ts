import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { systemRandom } from '@skein/runtime';
import { cutsAround, cutsBetween, OUTSIDE, ruleset, type Cut } from '../network/cuts.ts';
import { wholeImpairment, type Impairment } from '../network/impaired-line.ts';
import { RelayedLink, type LinkPlace } from './relay/relayed-link.ts';

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
/** What a narrow link lets through at once, and how long what comes above its rate waits before it is dropped. */
const BURST_BYTES = 8_192;
const QUEUE_MS = 100;
const TUN = '/dev/net/tun';

/**
 * Hosts on one bridge of this machine, each a network namespace, so that what lies between two of them can be cut, and
 * a host's link made slow, lossy or narrow. Needs root. Nothing outside of its own subnet is touched; the machine itself is the host `outside`.
 */
export class Network implements AsyncDisposable {
  /** Address of this machine on the network: servers that the hosts use listen there. */
  readonly address: string;
  readonly #bridge: string;
  readonly #subnet: string;
  readonly #addresses: Map<string, string>;
  readonly #hosts = new Map<string, NetworkHost>();
  readonly #links = new Map<string, RelayedLink>();
  readonly #narrowed = new Set<NetworkHost>();
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

  /** Whether `impair` works too: it needs TAP devices, which some containers lack. */
  static get canImpair(): boolean {
    return Network.possible && existsSync(TUN);
  }

  /** Removes what runs that were killed have left, and makes a bridge with a subnet that nothing here uses. */
  static async create(): Promise<Network> {
    sweep((pid) => !existsSync(`/proc/${pid}`));
    const subnet = freeSubnet();
    const network = new Network(`${PREFIX}${process.pid}x${subnet.split('.')[2]}`.slice(0, 15), subnet);
    process.once('exit', network.#removeNow);
    // Of its own, else a bridge takes the lowest of its ports', and becomes a stranger to all hosts when those change.
    const hardware = ['2', '0', ...network.address.split('.').map((part) => Number(part).toString(16))].join(
      ':',
    );
    await run('ip', ['link', 'add', network.#bridge, 'address', hardware, 'type', 'bridge']);
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
    const { veth } = this.#placeOf(host);
    await run('ip', ['netns', 'add', namespace]);
    await run('ip', ['link', 'add', veth, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace]);
    await run('ip', ['link', 'set', veth, 'master', this.#bridge, 'up']);
    await run('ip', ['-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0']);
    for (const device of ['lo', 'eth0']) await run('ip', ['-n', namespace, 'link', 'set', device, 'up']);
    await run('ip', ['-n', namespace, 'route', 'add', 'default', 'via', this.address]);
    return host;
  }

  /** Cuts a host off from all others and from this machine. Its processes keep running, and reach each other. */
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

  /**
   * Makes a host's link to all others and to this machine slow and lossy, each way, by a relay in user space; called
   * again, it changes how. Connections over it stay up. `seed` decides what is lost. Needs `canImpair`, socat and setpriv.
   * Costs about 0.05 ms of CPU per packet.
   */
  async impair(host: string, impairment: Impairment, seed = 1): Promise<void> {
    const place = this.#placeOf(this.#existing(host));
    const whole = wholeImpairment(impairment);
    const link = this.#links.get(host);
    if (link) return link.change(whole);
    for (const program of ['socat', 'setpriv']) assertInstalled(program);
    if (!existsSync(TUN)) throw new Error(`a link cannot be impaired here: there is no ${TUN}`);
    this.#links.set(host, await RelayedLink.open(place, whole, seed));
  }

  /**
   * Limits what a host may send, all together, by `tc`: what is above waits for up to 100 ms and is dropped then. Called
   * again, it changes the limit.
   */
  async narrow(host: string, { kbitPerSecond }: { readonly kbitPerSecond: number }): Promise<void> {
    const narrow = this.#existing(host);
    if (!(kbitPerSecond > 0)) throw new RangeError(`kbitPerSecond is ${kbitPerSecond}, not above 0`);
    assertInstalled('tc');
    this.#narrowed.add(narrow);
    const limit = ['rate', `${kbitPerSecond}kbit`, 'burst', String(BURST_BYTES), 'latency', `${QUEUE_MS}ms`];
    await narrow.run('tc', 'qdisc', 'replace', 'dev', 'eth0', 'root', 'tbf', ...limit);
  }

  /** How many bytes a host has sent so far, with all headers. */
  async sentBytes(host: string): Promise<number> {
    const shown = await this.#existing(host).run('ip', '-json', '-statistics', 'link', 'show', 'dev', 'eth0');
    const [device] = JSON.parse(shown) as [{ stats64: { tx: { bytes: number } } }];
    return device.stats64.tx.bytes;
  }

  /** Undoes every cut, and makes every link fast, whole and wide again. */
  async heal(): Promise<void> {
    this.#cuts = [];
    await this.#apply();
    for (const host of this.#narrowed) {
      this.#narrowed.delete(host);
      await host.run('tc', 'qdisc', 'delete', 'dev', 'eth0', 'root');
    }
    for (const [host, link] of this.#links) {
      this.#links.delete(host);
      await link.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#removeNow();
    process.removeListener('exit', this.#removeNow);
  }

  #existing(name: string): NetworkHost {
    const host = this.#hosts.get(name);
    if (!host) throw new Error(`no host ${name} in this network`);
    return host;
  }

  /** Names of interfaces have 15 characters at most, so the address stands in them as one number. */
  #placeOf({ address }: Pick<NetworkHost, 'address'>): LinkPlace {
    const number = address
      .split('.')
      .slice(1)
      .reduce((sum, part) => sum * 256 + Number(part), 0);
    const name = (kind: string): string => `${PREFIX[0]}${process.pid}${kind}${number.toString(36)}`;
    return { bridge: this.#bridge, veth: name('v'), inner: name('l'), taps: [name('h'), name('b')] };
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
    for (const [host, link] of this.#links) {
      link.kill();
      quietly('ip', 'link', 'delete', this.#placeOf(this.#existing(host)).inner);
    }
    this.#links.clear();
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
  for (const name of readdirSync('/sys/class/net')) {
    // Of a network, or within a link that was impaired.
    const pid = /^(?:skein(?=\d+x)|s(?=\d+l))(\d+)[xl][0-9a-z]+$/.exec(name)?.[1];
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

function assertInstalled(program: string): void {
  if (isInstalled(program)) return;
  const hint = program === 'socat' ? '; Debian: apt-get install socat' : '';
  throw new Error(`${program} is not installed, and links cannot be impaired without it${hint}`);
}

function quietly(command: string, ...args: string[]): void {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
  } catch {
    // It was not there, or has gone already.
  }
}
