import {
  describeExit,
  type ControlProcess,
  type GatewayProcess,
  type LocalCluster,
  type MediaNodeProcess,
  type NatsServer,
  type ProcessExit,
  type RedisGroup,
  type RedisServer,
} from '@skein/local-cluster';
import { systemClock, type Random } from '@skein/runtime';
import { eventually, SignalClient, type ClusterProbe, type Network } from '@skein/testkit';
import type { Client } from '../clients/client.ts';
import type { Violation } from '../observing/invariants.ts';
import type { Observer } from '../observing/observer.ts';
import { movedClients, placesOf, type Places } from './places.ts';
import { PROBE } from '../clients/client-report.ts';
import { refusals, refusalsWithoutTrace } from './refusals.ts';
import type { Impact } from '../judging/bounds.ts';

export interface StageDeps {
  readonly room: string;
  readonly cluster: LocalCluster;
  readonly network: Network | undefined;
  readonly probe: ClusterProbe;
  readonly observer: Observer;
  readonly clients: readonly Client[];
  readonly random: Random;
  readonly form: 'long' | 'short';
  /** From 1 on. */
  readonly round: number;
  readonly say: (line: string) => void;
  /** All so far. */
  readonly violations: readonly Violation[];
  /** Notes how much memory a call takes that has run for a while; once. */
  readonly warm: () => Promise<void>;
}

export interface HoldTimes {
  readonly longMs: number;
  readonly shortMs: number;
  readonly firstMs?: number;
}

const PROBE_DEADLINE_MS = 30_000;
const LEAVE_DEADLINE_MS = 15_000;
const LEADER_DEADLINE_MS = 15_000;

/** One of them, by chance. Throws when there is none. */
export function pick<Choice>(from: readonly Choice[], random: Random): Choice {
  const choice = from[Math.floor(random() * from.length)];
  if (choice === undefined) throw new Error('there is nothing to pick from');
  return choice;
}

/** What a scenario acts through in one round: who is there, the faults' clock, and questions to the cluster. */
export class Stage {
  readonly cluster: LocalCluster;
  readonly random: Random;
  /** Where a `service` recovery is written to by `measureProbeJoin`. */
  readonly recoveries: number[] = [];
  readonly failed: string[] = [];
  /** The scenario's; its fault may choose something that need not be felt. */
  impact: Impact;
  /** When the round's first fault began; milliseconds since 1970. */
  faultAtMs: number | undefined;
  /** When the fault began to be taken back, by `heals` or `restore`; milliseconds since 1970. */
  healingAtMs: number | undefined;
  /** When `heals` had taken the fault back; milliseconds since 1970. */
  healedAtMs: number | undefined;
  readonly #deps: StageDeps;
  readonly #afterwards: { readonly what: string; readonly act: () => Promise<unknown> }[] = [];
  #visits = 0;
  #places: Places | undefined;

  constructor(deps: StageDeps, impact: Impact) {
    this.#deps = deps;
    this.impact = impact;
    this.cluster = deps.cluster;
    this.random = deps.random;
  }

  get network(): Network {
    const { network } = this.#deps;
    if (!network) throw new Error('this scenario needs a setting with hosts on a network');
    return network;
  }

  get redis(): RedisServer {
    const { redis } = this.cluster;
    if (!redis) throw new Error('this cluster has a Redis that it did not start');
    return redis;
  }

  get redisGroup(): RedisGroup {
    const { redisGroup } = this.cluster;
    if (!redisGroup) throw new Error('this scenario needs a setting with a Redis that fails over');
    return redisGroup;
  }

  get nats(): NatsServer {
    const { nats } = this.cluster;
    if (!nats) throw new Error('this cluster has a NATS that it did not start');
    return nats;
  }

  /** The short form judges no times. */
  get form(): StageDeps['form'] {
    return this.#deps.form;
  }

  /** From 1 on. */
  get round(): number {
    return this.#deps.round;
  }

  get probe(): ClusterProbe {
    return this.#deps.probe;
  }

  say(line: string): void {
    this.#deps.say(line);
  }

  /** Breaks something. Recovery is measured from the first fault of a round. */
  async fault(what: string, act: () => Promise<unknown>): Promise<void> {
    this.say(what);
    this.faultAtMs ??= systemClock.now();
    await act();
  }

  /** To be done when the call has recovered, and in any case before the round ends. */
  afterwards(what: string, act: () => Promise<unknown>): void {
    this.#afterwards.push({ what, act });
  }

  /** Does what was left for afterwards; once. */
  async restore(): Promise<void> {
    const acts = this.#afterwards.splice(0);
    if (acts.length > 0) this.healingAtMs ??= systemClock.now();
    for (const { what, act } of acts) await this.mend(what, act);
  }

  async mend(what: string, act: () => Promise<unknown>): Promise<void> {
    this.say(what);
    await act();
  }

  /** Takes the fault back: gaps from then on count as `after`, and a recovery of `healing` counts from its end. */
  async heals(what: string, act: () => Promise<unknown>): Promise<void> {
    this.healingAtMs ??= systemClock.now();
    await this.mend(what, act);
    this.healedAtMs = systemClock.now();
  }

  /** From now until the round ends nobody may be moved, or given another session. */
  async nobodyMoves(): Promise<void> {
    this.#places = placesOf(await this.#deps.observer.snapshot());
  }

  /** What did not stay as `nobodyMoves` asked, in words. */
  async moved(): Promise<string[]> {
    if (!this.#places) return [];
    const identities = this.#deps.clients.map(({ identity }) => identity);
    const now = placesOf(await this.#deps.observer.snapshot());
    return movedClients(identities, this.#places, now, 'slowness alone');
  }

  /** What a node's host sends, in a second of now. */
  async sendingKbitPerSecond({ name }: MediaNodeProcess): Promise<number> {
    const fromMs = systemClock.monotonicMs();
    const before = await this.network.sentBytes(name);
    await systemClock.sleep(1_000);
    const bytes = (await this.network.sentBytes(name)) - before;
    return Math.round((bytes * 8) / (systemClock.monotonicMs() - fromMs));
  }

  /**
   * How long something stays away: the long form's time, `firstMs` in its first round, or what is enough for the short
   * form.
   */
  async hold({ longMs, shortMs, firstMs = longMs }: HoldTimes): Promise<void> {
    const { form, round } = this.#deps;
    await systemClock.sleep(form === 'short' ? shortMs : round === 1 ? firstMs : longMs);
  }

  pick<Choice>(from: readonly Choice[]): Choice {
    return pick(from, this.random);
  }

  /** A node that carries somebody, picked among all that do. */
  async busyNode(): Promise<MediaNodeProcess> {
    const nodes = await this.busyNodes();
    return this.pick(nodes);
  }

  async busyNodes(): Promise<MediaNodeProcess[]> {
    const room = await this.#deps.observer.snapshot();
    const busy = new Set(room?.participants.map(({ nodeId }) => nodeId));
    return this.cluster.mediaNodes.filter(
      ({ nodeId, status }) => busy.has(nodeId) && status.status === 'ready',
    );
  }

  /** The control that holds the leader lease, other than `except`. */
  async leadingControl(except?: ControlProcess): Promise<ControlProcess> {
    return await eventually(
      'a control to lead',
      async () => {
        const { holderId } = await this.#deps.observer.leader();
        return this.cluster.controls.find((one) => one !== except && one.holderId === holderId);
      },
      { deadlineMs: LEADER_DEADLINE_MS, everyMs: 50 },
    );
  }

  /** Two nodes that both carry somebody, so that a pipe joins them. */
  async twoBusyNodes(): Promise<[MediaNodeProcess, MediaNodeProcess]> {
    const nodes = await this.busyNodes();
    const one = this.pick(nodes);
    return [one, this.pick(nodes.filter((node) => node !== one))];
  }

  /** A gateway that holds somebody's connection. */
  async busyGateway(): Promise<GatewayProcess> {
    const views = await Promise.all(this.#deps.clients.map((client) => client.view()));
    const ports = new Set(views.map(({ gateway }) => Number(new URL(gateway).port)));
    return this.pick(this.cluster.gateways.filter(({ httpPort }) => ports.has(httpPort)));
  }

  /** Process ids of a node's mediasoup workers. */
  async workersOf(node: MediaNodeProcess): Promise<number[]> {
    return this.#deps.probe.workersOf(node.grpcAddress);
  }

  /** Sends a signal to a worker; these are children of this bench's own nodes. */
  signal(pid: number, signal: NodeJS.Signals): void {
    process.kill(pid, signal);
  }

  /** Waits until a draining process has exited with code 0. `bySignal`: sends SIGTERM first. */
  async endsByItself(
    service: MediaNodeProcess | GatewayProcess,
    { bySignal, withinMs }: { bySignal: boolean; withinMs: number },
  ): Promise<void> {
    const exit = bySignal ? await service.drain(withinMs) : await this.#exitOf(service, withinMs);
    if (exit.code !== 0) this.failed.push(`${service.name} ${describeExit(exit)}`);
  }

  async #exitOf(service: MediaNodeProcess | GatewayProcess, deadlineMs: number): Promise<ProcessExit> {
    return await eventually(
      `${service.name} to exit`,
      () => (service.status.status === 'exited' ? service.status.exit : undefined),
      { deadlineMs },
    );
  }

  /**
   * Joins as somebody new, again and again until it works and everybody sees them, and leaves. Says how long it took
   * until then. `node`: on this one; default: wherever the cluster puts them.
   */
  async probeJoin(node?: MediaNodeProcess): Promise<number> {
    const fromMs = systemClock.now();
    const identity = `${PROBE}-${++this.#visits}-${fromMs}`;
    await using visitor = await eventually('a newcomer to get in', () => this.#tryJoin(identity, node), {
      deadlineMs: PROBE_DEADLINE_MS,
    });
    await this.#everyoneSees(identity, true, PROBE_DEADLINE_MS);
    const tookMs = systemClock.now() - fromMs;
    await visitor.request('leave', {});
    await this.#everyoneSees(identity, false, LEAVE_DEADLINE_MS);
    return tookMs;
  }

  /** What was away is back: how long it takes until newcomers get in and everybody sees them is this round's recovery. */
  async measureProbeJoin(node?: MediaNodeProcess): Promise<void> {
    this.recoveries.push(await this.probeJoin(node));
  }

  /** While the store is away a join has to be refused at once, with a time to try again, and gateways have to count as alive. */
  async refusesAtOnce(): Promise<void> {
    const { room } = this.#deps;
    this.failed.push(...(await refusals(this.cluster.gateways, { room, away: 'the store' })));
  }

  /** The same while the bus is away; the room, and a call whose own join is repeated, stay as they are. */
  async refusesWithoutTrace(): Promise<void> {
    this.failed.push(...(await refusalsWithoutTrace(this.cluster.gateways, this.#deps)));
  }

  async #tryJoin(identity: string, node?: MediaNodeProcess): Promise<SignalClient> {
    const { gateways } = this.cluster;
    const ready = gateways.filter(({ status }) => status.status === 'ready');
    const client = await SignalClient.open(this.pick(ready).signalUrl);
    try {
      await client.join(this.#deps.room, identity, { autoSubscribe: false, nodeId: node?.nodeId });
      return client;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #everyoneSees(identity: string, present: boolean, deadlineMs: number): Promise<void> {
    await eventually(
      `everybody to see that ${identity} is ${present ? 'there' : 'gone'}`,
      async () => {
        const views = await Promise.all(this.#deps.clients.map((client) => client.view()));
        const late = views.filter(
          ({ others }) => others.some((other) => other.identity === identity) !== present,
        );
        if (late.length > 0) throw new Error(`not yet: ${late.map((view) => view.identity).join(', ')}`);
        return true;
      },
      { deadlineMs, everyMs: 25 },
    );
  }
}
