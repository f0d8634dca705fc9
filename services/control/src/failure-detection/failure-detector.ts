import { orderOfStarts, type NodeRegistry } from '@skein/cluster';
import { SkeinError, type NodeDeath } from '@skein/protocol';
import type { Clock, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { mayEvict, type EvictionLimitPolicy } from './eviction-limit.ts';
import { Suspicion } from './suspicion.ts';
import type { LeaderElection } from '../leadership/leader-election.ts';
import type { KnownNode, NodeWatch } from '../nodes/node-watch.ts';
import type { Probes } from './probes.ts';
import type { HealthySince } from '../leadership/healthy-since.ts';
import { judge, type DetectionPolicy, type SuspectReason, type Verdict } from './verdict.ts';
import type { Witnesses } from './witnesses.ts';

/** Suspects that are probed at the same time. The others wait: a death found late beats a flood of probes. */
const MAX_PROBED_AT_ONCE = 32;

export interface FailureDetectorDeps {
  readonly watch: NodeWatch;
  readonly storeHealth: HealthySince;
  readonly busHealth: HealthySince;
  readonly election: Pick<LeaderElection, 'isLeader' | 'confirm'>;
  readonly nodes: Pick<NodeRegistry, 'evict'>;
  readonly probes: Pick<Probes, 'probe' | 'roundTripMs'>;
  readonly witnesses: Pick<Witnesses, 'ask'>;
  readonly detection: DetectionPolicy;
  readonly evictionLimit: EvictionLimitPolicy;
  readonly onDeath: (death: NodeDeath) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** How long a lost connection justifies probes of a node that was heard lately. */
const CONNECTION_LOST_MS = 2000;

/** Suspects nodes that are not heard, gathers evidence about them, and evicts those that are dead by all of it. */
export class FailureDetector {
  readonly #deps: FailureDetectorDeps;
  readonly #suspicions = new Map<string, Suspicion>();
  /** When control's connection to a node was lost, for nodes that have not answered since. */
  readonly #connectionLostMs = new Map<string, number>();
  /** Suspects about which witnesses are being asked. */
  #witnessing = 0;

  constructor(deps: FailureDetectorDeps) {
    this.#deps = deps;
  }

  /** Nodes that are silent, or whose connection was lost. */
  suspects(nowMs: number): readonly KnownNode[] {
    const { watch, detection } = this.#deps;
    return watch.nodes.filter(
      ({ nodeId, lastHeardMs }) =>
        nowMs - lastHeardMs >= detection.askWitnessesAfterMs || this.#connectionLost(nodeId, nowMs),
    );
  }

  /**
   * Probes the nodes at this address at once: a process that ends closes its sockets in the same moment, long before
   * heartbeats are missed. The clock drives the probes anyway; this only makes detection faster.
   */
  connectionLost(grpcAddress: string): void {
    const now = this.#now();
    for (const [nodeId, atMs] of this.#connectionLostMs) {
      if (now - atMs >= CONNECTION_LOST_MS) this.#connectionLostMs.delete(nodeId);
    }
    const nodes = this.#deps.watch.nodes.filter((node) => node.grpcAddress === grpcAddress);
    for (const node of nodes) {
      // The probe itself replaces connections.
      if (this.#connectionLost(node.nodeId, now)) continue;
      this.#connectionLostMs.set(node.nodeId, now);
      this.#step(this.#suspicionOf(node));
    }
  }

  #connectionLost(nodeId: string, nowMs: number): boolean {
    return nowMs - (this.#connectionLostMs.get(nodeId) ?? -Infinity) < CONNECTION_LOST_MS;
  }

  /** Takes one step for each suspect, and drops suspicions of the others. Returns at once. */
  step(suspects: readonly KnownNode[]): void {
    const current = new Set(suspects.map(({ nodeId }) => nodeId));
    for (const [nodeId, suspicion] of this.#suspicions) {
      if (!current.has(nodeId) && !suspicion.busy) this.#close(suspicion);
    }
    for (const node of suspects) this.#step(this.#suspicionOf(node));
  }

  #suspicionOf(node: KnownNode): Suspicion {
    const known = this.#suspicions.get(node.nodeId);
    if (known && orderOfStarts(known.node, node) === 'same') return known;
    const suspicion = new Suspicion(node);
    this.#suspicions.set(node.nodeId, suspicion);
    return suspicion;
  }

  #step(suspicion: Suspicion): void {
    if (!this.#deps.election.isLeader) return;
    this.#askWitnesses(suspicion);
    if (suspicion.busy) return;
    const verdict = this.#judge(suspicion);
    switch (verdict.kind) {
      case 'alive':
        suspicion.deadSinceMs = undefined;
        return;
      case 'suspect':
        // The evidence did not stand while store or bus were away.
        if (verdict.reason !== 'notProbed' && verdict.reason !== 'witnessesNotAsked')
          suspicion.deadSinceMs = undefined;
        this.#note(suspicion, verdict.reason);
        this.#probeIfDue(suspicion);
        return;
      case 'dead':
        suspicion.deadSinceMs ??= this.#now();
        if (this.#mayEvict(suspicion)) void suspicion.whileBusy(() => this.#evict(suspicion));
        else {
          this.#note(suspicion, 'manyMissing');
          this.#probeIfDue(suspicion);
        }
        return;
    }
  }

  #probeIfDue(suspicion: Suspicion): void {
    if (
      !suspicion.isDue(this.#now(), this.#lastHeardMs(suspicion)) ||
      this.#busyCount() >= MAX_PROBED_AT_ONCE
    )
      return;
    void suspicion.whileBusy(() => this.#probe(suspicion)).then(() => this.#step(suspicion));
  }

  /** In parallel to the probes: their answers take as long. */
  #askWitnesses(suspicion: Suspicion): void {
    const { witnesses, probes } = this.#deps;
    const { nodeId } = suspicion.node;
    const beganMs = this.#now();
    if (!suspicion.witnessesAreDue(beganMs, this.#lastHeardMs(suspicion))) return;
    if (this.#witnessing >= MAX_PROBED_AT_ONCE) return;
    this.#witnessing++;
    void suspicion
      .whileAskingWitnesses(beganMs, async () => {
        const heard = await witnesses.ask(nodeId, probes.roundTripMs(nodeId));
        this.#witnessing--;
        return heard && { beganMs, heard };
      })
      .then(() => {
        if (this.#suspicions.get(nodeId) === suspicion) this.#step(suspicion);
      });
  }

  #lastHeardMs({ node }: Suspicion): number {
    return this.#deps.watch.node(node.nodeId)?.lastHeardMs ?? -Infinity;
  }

  #mayEvict({ node, deadSinceMs }: Suspicion): boolean {
    const { watch, evictionLimit, detection } = this.#deps;
    const now = this.#now();
    const { nodes } = watch;
    const evicted = watch.deadSince(now - evictionLimit.rememberMs);
    const silent = nodes.filter(
      ({ nodeId, lastHeardMs, draining }) =>
        !draining && (now - lastHeardMs >= detection.suspectAfterMs || this.#connectionLost(nodeId, now)),
    );
    const missing = new Set([...evicted, ...silent].map(({ nodeId }) => nodeId));
    return mayEvict(
      node,
      now - (deadSinceMs ?? now),
      { nodes: [...nodes, ...evicted], missing },
      evictionLimit,
    );
  }

  #judge(suspicion: Suspicion): Verdict {
    const { watch, storeHealth, busHealth, detection } = this.#deps;
    const node = watch.node(suspicion.node.nodeId);
    if (!node || orderOfStarts(node, suspicion.node) !== 'same') return { kind: 'alive' };
    const now = this.#now();
    const evidence = {
      connectionLost: this.#connectionLost(node.nodeId, now),
      storeHealthySinceMs: storeHealth.sinceMs,
      busHealthySinceMs: busHealth.sinceMs,
      lease: watch.lease(node.nodeId),
      probeRounds: suspicion.probeRounds,
      witnessReport: suspicion.witnessReport,
    };
    return judge(node.lastHeardMs, evidence, now, detection);
  }

  async #probe(suspicion: Suspicion): Promise<void> {
    const { probes, watch, random } = this.#deps;
    const round = await probes.probe(suspicion.node);
    const now = this.#now();
    suspicion.learned(round, now, random);
    if (round.bus !== 'answered' && round.rpc !== 'answered') return;
    this.#connectionLostMs.delete(suspicion.node.nodeId);
    watch.answered(suspicion.node, now);
  }

  async #evict(suspicion: Suspicion): Promise<void> {
    const { election, nodes, watch, storeHealth, onDeath, log } = this.#deps;
    const { nodeId, startedAtMs } = suspicion.node;
    const leaderFence = await election.confirm();
    if (leaderFence === undefined) return;
    // The call to the store took a moment: a heartbeat may have come, or other nodes may have gone missing.
    const verdict = this.#judge(suspicion);
    if (verdict.kind !== 'dead' || !this.#mayEvict(suspicion)) return;
    const fence = watch.node(nodeId)?.fence ?? 0;
    try {
      if (!(await nodes.evict(nodeId, fence, leaderFence, { crashed: verdict.crashed }))) {
        log.info(
          { event: 'node.eviction-cancelled', nodeId },
          'a node renewed its lease just before its eviction',
        );
        return;
      }
    } catch (error) {
      if (SkeinError.from(error).code === 'STALE_EPOCH') {
        log.warn({ nodeId, leaderFence }, 'eviction rejected: this control is no longer the leader');
        return;
      }
      storeHealth.failed();
      log.warn({ err: error, nodeId }, 'eviction failed; the node is judged again');
      return;
    }
    this.#report(suspicion.node, verdict.reason, leaderFence);
    const death = { nodeId, startedAtMs, ...(fence > 0 && { fence }) };
    watch.died(death, this.#now());
    this.#suspicions.delete(nodeId);
    this.#connectionLostMs.delete(nodeId);
    onDeath(death);
  }

  #report({ nodeId, startedAtMs, draining }: KnownNode, reason: string, leaderFence: number): void {
    const { log } = this.#deps;
    const fields = { event: 'node.evicted', nodeId, startedAtMs, reason, leaderFence };
    if (draining) log.info({ ...fields, event: 'node.evicted' }, 'a drained media node is gone');
    else log.warn(fields, 'a media node was declared dead and evicted');
  }

  #note(suspicion: Suspicion, reason: SuspectReason): void {
    if (suspicion.reason === reason) return;
    const { nodeId } = suspicion.node;
    const { log, evictionLimit, detection } = this.#deps;
    if (reason === 'manyMissing')
      log.warn(
        { nodeId, longLookMs: evictionLimit.longLookMs },
        'many media nodes are missing at once; evictions wait for the longer look',
      );
    else if (reason === 'heardByOthers')
      log.warn(
        { nodeId, evictedAfterMs: detection.heardByOthersForMs },
        'a media node is unreachable, but its peers hear it; not evicted yet',
      );
    else if (suspicion.reason === undefined)
      log.info({ event: 'node.suspected', nodeId, reason }, 'a media node is not heard; probing it');
    else log.debug({ nodeId, reason }, 'a media node is still not heard');
    suspicion.reason = reason;
  }

  #close(suspicion: Suspicion): void {
    const { nodeId } = suspicion.node;
    this.#suspicions.delete(nodeId);
    if (suspicion.reason && this.#deps.watch.node(nodeId))
      this.#deps.log.info({ event: 'node.recovered', nodeId }, 'a media node is heard again');
  }

  #busyCount(): number {
    let count = 0;
    for (const suspicion of this.#suspicions.values()) if (suspicion.busy) count++;
    return count;
  }

  #now(): number {
    return this.#deps.clock.monotonicMs();
  }
}
