import { RegistryView, RoomPublisher, type ClusterStore } from '@skein/cluster';
import type { Bus, BusSubscription } from '@skein/bus';
import { nodeDeath, nodeRecord, subjects } from '@skein/protocol';
import { SingleFlight, jitter, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { defaultEvictionLimit, type EvictionLimitPolicy } from './failure-detection/eviction-limit.ts';
import { DeathNotices } from './failure-detection/death-notices.ts';
import { FailureDetector } from './failure-detection/failure-detector.ts';
import { LeaderElection } from './leadership/leader-election.ts';
import { LostSessions, type LostSessionsDeps } from './sweep/lost-sessions.ts';
import { NodeWatch } from './nodes/node-watch.ts';
import type { Probes } from './failure-detection/probes.ts';
import type { HealthySince } from './leadership/healthy-since.ts';
import { Sweeper } from './sweep/sweeper.ts';
import { defaultDetection, type DetectionPolicy } from './failure-detection/verdict.ts';
import { Witnesses } from './failure-detection/witnesses.ts';

/** How often suspects are looked for, and leases are read while there is one. */
const TICK_MS = 100;
/** How often leases are read without suspects. */
const READ_LEASES_EVERY_MS = 1000;
/** How often round trips to a healthy node are measured, jittered; soon while they are not known. */
const MEASURE_EVERY_MS = 10_000;
/** Round trips measured at the same time. */
const MAX_MEASURED_AT_ONCE = 32;

export interface ReconcilerDeps {
  readonly store: Pick<ClusterStore, 'rooms' | 'nodes' | 'leader' | 'status'>;
  readonly bus: Bus;
  readonly probes: Probes;
  readonly nodeAt: LostSessionsDeps['nodeAt'];
  /** Also reset by the connections, with every loss. */
  readonly storeHealth: HealthySince;
  readonly busHealth: HealthySince;
  /** Default: `defaultDetection`. */
  readonly detection?: DetectionPolicy;
  /** Default: `defaultEvictionLimit`. */
  readonly evictionLimit?: EvictionLimitPolicy;
  /** Unique among all controls. */
  readonly holderId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Evicts dead nodes and cleans up after them. Every control watches the nodes; the leader acts. Without store or bus nothing
 * is decided.
 */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  readonly #watch = new NodeWatch();
  readonly #election: LeaderElection;
  readonly #detector: FailureDetector;
  readonly #notices: DeathNotices;
  readonly #sweeper: Sweeper;
  readonly #publisher: RoomPublisher;
  readonly #reading = new SingleFlight<'leases', void>();
  readonly #subscriptions: BusSubscription[] = [];
  readonly #lostSessions: LostSessions;
  #recoveries: Disposable | undefined;
  #connections: Disposable | undefined;
  #timer: Disposable | undefined;
  readonly #registry: RegistryView;
  readonly #witnesses: Witnesses;
  /** When the round trips to each node are measured next. */
  readonly #nextMeasureMs = new Map<string, number>();
  #measuring = 0;
  #nextReadMs = -Infinity;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
    const { store, bus, probes, nodeAt, clock, random, log, holderId, storeHealth, busHealth } = deps;
    const { detection = defaultDetection, evictionLimit = defaultEvictionLimit } = deps;
    this.#registry = new RegistryView(store.nodes);
    this.#witnesses = new Witnesses({ bus, clock, log, askerId: holderId });
    const watch = this.#watch;
    this.#publisher = new RoomPublisher({ bus, clock });
    this.#election = new LeaderElection({ lease: store.leader, holderId, clock, log });
    this.#lostSessions = new LostSessions({ watch, nodeAt, clock, log });
    this.#notices = new DeathNotices({ bus, clock });
    const health = { storeHealth, busHealth };
    const shared = { watch, ...health, election: this.#election, clock, random, log };
    this.#sweeper = new Sweeper({
      ...shared,
      rooms: store.rooms,
      lostSessions: this.#lostSessions,
      publish: (room, write) => this.#publisher.publish(room, write),
    });
    this.#detector = new FailureDetector({
      ...shared,
      ...{ probes, witnesses: this.#witnesses, detection, evictionLimit },
      nodes: store.nodes,
      onDeath: (death) => {
        this.#notices.publish(death);
        this.#sweeper.afterDeath();
      },
    });
  }

  start(): void {
    const { store, bus, clock, probes } = this.#deps;
    this.#connections = probes.onConnectionLost((address) => this.#detector.connectionLost(address));
    this.#recoveries = store.rooms.onRecovered?.(({ fellBack }) => {
      if (fellBack) this.#lostSessions.recheckAll();
    });
    this.#subscriptions.push(
      bus.subscribe(subjects.anyNodeBeat, (data) => this.#onHeartbeat(data)),
      bus.subscribe(subjects.anyNodeDead, (data) => this.#onDeath(data)),
    );
    this.#witnesses.start();
    this.#election.start();
    this.#sweeper.start();
    this.#timer = clock.every(TICK_MS, () => this.#tick());
  }

  async stop(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#recoveries?.[Symbol.dispose]();
    this.#connections?.[Symbol.dispose]();
    for (const subscription of this.#subscriptions) subscription.close();
    this.#sweeper.stop();
    this.#witnesses.stop();
    this.#publisher.close();
    this.#notices.stop();
    await this.#election.stop();
  }

  #tick(): void {
    const { store, bus, clock, random, storeHealth, busHealth } = this.#deps;
    const now = clock.monotonicMs();
    if (store.status.state === 'disconnected') storeHealth.failed();
    if (bus.status.state === 'disconnected') busHealth.failed();
    else busHealth.answered(now);
    const suspects = this.#election.isLeader ? this.#detector.suspects(now) : [];
    if (suspects.length > 0 || now >= this.#nextReadMs) {
      this.#nextReadMs = now + jitter(READ_LEASES_EVERY_MS, random);
      void this.#reading.run('leases', () => this.#readLeases());
      this.#watch.tidy(now);
    }
    this.#detector.step(suspects);
    this.#measureRoundTrips(now);
  }

  /** Measured while nodes are healthy, so that the probes of a suspect know how long an answer takes. */
  #measureRoundTrips(now: number): void {
    const { probes, random } = this.#deps;
    const { nodes } = this.#watch;
    for (const nodeId of this.#nextMeasureMs.keys()) {
      if (!this.#watch.node(nodeId)) this.#nextMeasureMs.delete(nodeId);
    }
    for (const node of nodes) {
      if (now < (this.#nextMeasureMs.get(node.nodeId) ?? 0) || this.#measuring >= MAX_MEASURED_AT_ONCE)
        continue;
      // Several at first, so that one slow answer does not count alone.
      const isKnown = this.#nextMeasureMs.has(node.nodeId);
      this.#nextMeasureMs.set(node.nodeId, now + (isKnown ? jitter(MEASURE_EVERY_MS, random) : TICK_MS));
      this.#measuring++;
      void probes.measure(node).finally(() => this.#measuring--);
    }
    probes.keepOnly(new Set(nodes.map(({ nodeId }) => nodeId)));
  }

  /** Never rejects. */
  async #readLeases(): Promise<void> {
    const { clock, storeHealth, log } = this.#deps;
    const atMs = clock.monotonicMs();
    try {
      this.#watch.leasesRead(await this.#registry.read(), atMs);
      storeHealth.answered(atMs);
    } catch (error) {
      storeHealth.failed();
      log.debug({ err: error }, 'leases could not be read; failure detection is paused');
    }
  }

  #onHeartbeat(data: unknown): void {
    const { clock, log } = this.#deps;
    const heartbeat = nodeRecord.safeParse(data);
    if (heartbeat.success) this.#watch.heartbeat(heartbeat.data, clock.monotonicMs());
    else log.warn({ err: heartbeat.error }, 'an unreadable heartbeat was dropped');
  }

  #onDeath(data: unknown): void {
    const { clock, log } = this.#deps;
    const death = nodeDeath.safeParse(data);
    if (death.success) this.#watch.died(death.data, clock.monotonicMs());
    else log.warn({ err: death.error }, 'an unreadable death notice was dropped');
  }
}
