import { RegistryView, RoomPublisher, type ClusterStore } from '@skein/cluster';
import type { Bus, BusSubscription } from '@skein/bus';
import { nodeDeath, nodeRecord, subjects } from '@skein/protocol';
import { SingleFlight, jitter, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { defaultBrake, type BrakePolicy } from './failure-detection/eviction-limit.ts';
import { DeathNotices } from './failure-detection/death-notices.ts';
import { Inquiries } from './failure-detection/failure-detector.ts';
import { Leadership } from './leadership/leader-election.ts';
import { LostSessions, type LostSessionsParts } from './sweep/lost-sessions.ts';
import { NodeWatch } from './nodes/node-watch.ts';
import type { Probes } from './failure-detection/probes.ts';
import type { Steadiness } from './leadership/healthy-since.ts';
import { Sweeper } from './sweep/sweeper.ts';
import { defaultDetection, type DetectionPolicy } from './failure-detection/verdict.ts';
import { Witnesses } from './failure-detection/witnesses.ts';

/** How often suspects are looked for, and the leases read while there is one. */
const TICK_MS = 100;
/** How often the leases are read while all is well. */
const READ_LEASES_EVERY_MS = 1000;
/** How often the round trips to a node that is heard are measured, jittered; soon when they are not known. */
const MEASURE_EVERY_MS = 10_000;
/** Round trips measured at the same time. */
const MAX_MEASURED_AT_ONCE = 32;

export interface ReconcilerParts {
  readonly store: Pick<ClusterStore, 'rooms' | 'nodes' | 'leader' | 'status'>;
  readonly bus: Bus;
  readonly probes: Probes;
  readonly nodeAt: LostSessionsParts['nodeAt'];
  /** Told by the connections too, of every loss. */
  readonly storeSteadiness: Steadiness;
  readonly busSteadiness: Steadiness;
  /** Default: `defaultDetection`. */
  readonly detection?: DetectionPolicy;
  /** Default: `defaultBrake`. */
  readonly brake?: BrakePolicy;
  /** Unique among all controls. */
  readonly holderId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Buries dead nodes and cleans up after them. Every control watches the nodes; the elected one acts. Without store or
 * bus nothing is decided.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #watch = new NodeWatch();
  readonly #leadership: Leadership;
  readonly #inquiries: Inquiries;
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

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    const { store, bus, probes, nodeAt, clock, random, log, holderId, storeSteadiness, busSteadiness } =
      parts;
    const { detection = defaultDetection, brake = defaultBrake } = parts;
    this.#registry = new RegistryView(store.nodes);
    this.#witnesses = new Witnesses({ bus, clock, log, askerId: holderId });
    const watch = this.#watch;
    this.#publisher = new RoomPublisher({ bus, clock });
    this.#leadership = new Leadership({ lease: store.leader, holderId, clock, log });
    this.#lostSessions = new LostSessions({ watch, nodeAt, clock, log });
    this.#notices = new DeathNotices({ bus, clock });
    const steadiness = { storeSteadiness, busSteadiness };
    const shared = { watch, ...steadiness, leadership: this.#leadership, clock, random, log };
    this.#sweeper = new Sweeper({
      ...shared,
      rooms: store.rooms,
      lostSessions: this.#lostSessions,
      publish: (room, write) => this.#publisher.publish(room, write),
    });
    this.#inquiries = new Inquiries({
      ...shared,
      ...{ probes, witnesses: this.#witnesses, detection, brake },
      nodes: store.nodes,
      onDeath: (death) => {
        this.#notices.announce(death);
        this.#sweeper.afterDeath();
      },
    });
  }

  start(): void {
    const { store, bus, clock, probes } = this.#parts;
    this.#connections = probes.onConnectionLost((address) => this.#inquiries.connectionLost(address));
    this.#recoveries = store.rooms.onRecovered?.(({ fellBack }) => {
      if (fellBack) this.#lostSessions.doubtAll();
    });
    this.#subscriptions.push(
      bus.subscribe(subjects.anyNodeBeat, (data) => this.#onBeat(data)),
      bus.subscribe(subjects.anyNodeDead, (data) => this.#onDeath(data)),
    );
    this.#witnesses.start();
    this.#leadership.start();
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
    await this.#leadership.stop();
  }

  #tick(): void {
    const { store, bus, clock, random, storeSteadiness, busSteadiness } = this.#parts;
    const now = clock.monotonicMs();
    if (store.status.state === 'disconnected') storeSteadiness.failed();
    if (bus.status.state === 'disconnected') busSteadiness.failed();
    else busSteadiness.answered(now);
    const suspects = this.#leadership.leading ? this.#inquiries.unheard(now) : [];
    if (suspects.length > 0 || now >= this.#nextReadMs) {
      this.#nextReadMs = now + jitter(READ_LEASES_EVERY_MS, random);
      void this.#reading.run('leases', () => this.#readLeases());
      this.#watch.tidy(now);
    }
    this.#inquiries.pursue(suspects);
    this.#measureRoundTrips(now);
  }

  /** Of the nodes that are well, so that it is known how long an answer takes once one is not. */
  #measureRoundTrips(now: number): void {
    const { probes, random } = this.#parts;
    const { sights } = this.#watch;
    for (const nodeId of this.#nextMeasureMs.keys()) {
      if (!this.#watch.sight(nodeId)) this.#nextMeasureMs.delete(nodeId);
    }
    for (const sight of sights) {
      if (now < (this.#nextMeasureMs.get(sight.nodeId) ?? 0) || this.#measuring >= MAX_MEASURED_AT_ONCE)
        continue;
      // Some at first, so that one slow answer is not all that is known.
      const isKnown = this.#nextMeasureMs.has(sight.nodeId);
      this.#nextMeasureMs.set(sight.nodeId, now + (isKnown ? jitter(MEASURE_EVERY_MS, random) : TICK_MS));
      this.#measuring++;
      void probes.measure(sight).finally(() => this.#measuring--);
    }
    probes.keepOnly(new Set(sights.map(({ nodeId }) => nodeId)));
  }

  /** Never rejects. */
  async #readLeases(): Promise<void> {
    const { clock, storeSteadiness, log } = this.#parts;
    const atMs = clock.monotonicMs();
    try {
      this.#watch.leasesRead(await this.#registry.read(), atMs);
      storeSteadiness.answered(atMs);
    } catch (error) {
      storeSteadiness.failed();
      log.debug({ err: error }, 'the leases could not be read; nobody is judged without them');
    }
  }

  #onBeat(data: unknown): void {
    const { clock, log } = this.#parts;
    const beat = nodeRecord.safeParse(data);
    if (beat.success) this.#watch.beat(beat.data, clock.monotonicMs());
    else log.warn({ err: beat.error }, 'a beat that could not be read was dropped');
  }

  #onDeath(data: unknown): void {
    const { clock, log } = this.#parts;
    const death = nodeDeath.safeParse(data);
    if (death.success) this.#watch.died(death.data, clock.monotonicMs());
    else log.warn({ err: death.error }, 'a death that could not be read was dropped');
  }
}
