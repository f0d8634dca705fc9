import { orderOfStarts, type NodeRegistry } from '@skein/cluster';
import { SkeinError, type NodeDeath } from '@skein/protocol';
import type { Clock, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { mayEvict, type BrakePolicy } from './eviction-limit.ts';
import { Inquiry } from './suspicion.ts';
import type { Leadership } from '../leadership/leader-election.ts';
import type { NodeSight, NodeWatch } from '../nodes/node-watch.ts';
import type { Probes } from './probes.ts';
import type { Steadiness } from '../leadership/healthy-since.ts';
import { judge, type DetectionPolicy, type Doubt, type Verdict } from './verdict.ts';
import type { Witnesses } from './witnesses.ts';

/** Nodes that are asked at the same time. The others wait for their turn: a death found late beats a flood. */
const MAX_ASKED_AT_ONCE = 32;

export interface InquiriesParts {
  readonly watch: NodeWatch;
  readonly storeSteadiness: Steadiness;
  readonly busSteadiness: Steadiness;
  readonly leadership: Pick<Leadership, 'leading' | 'confirm'>;
  readonly nodes: Pick<NodeRegistry, 'evict'>;
  readonly probes: Pick<Probes, 'ask' | 'roundTripMs'>;
  readonly witnesses: Pick<Witnesses, 'ask'>;
  readonly detection: DetectionPolicy;
  readonly brake: BrakePolicy;
  readonly onDeath: (death: NodeDeath) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** How long a lost connection is grounds to probe a node that was heard lately. */
const CONNECTION_LOST_MS = 2000;

/** Finds out about the nodes that are not heard, and buries the dead. */
export class Inquiries {
  readonly #parts: InquiriesParts;
  readonly #open = new Map<string, Inquiry>();
  /** When control's connection to a node was lost, for nodes that have not answered since. */
  readonly #connectionLostMs = new Map<string, number>();
  /** How many suspects the other nodes are asked about just now. */
  #witnessing = 0;

  constructor(parts: InquiriesParts) {
    this.#parts = parts;
  }

  /** Nodes about which something is to be found out. */
  unheard(nowMs: number): readonly NodeSight[] {
    const { watch, detection } = this.#parts;
    return watch.sights.filter(
      ({ nodeId, lastHeardMs }) =>
        nowMs - lastHeardMs >= detection.askWitnessesAfterMs || this.#connectionLost(nodeId, nowMs),
    );
  }

  /**
   * Probes the nodes at this address at once: a process that ends closes its sockets in the same moment, long before
   * heartbeats are missed. Everybody is probed again by the clock, so that this only makes detection faster.
   */
  connectionLost(grpcAddress: string): void {
    const now = this.#now();
    for (const [nodeId, atMs] of this.#connectionLostMs) {
      if (now - atMs >= CONNECTION_LOST_MS) this.#connectionLostMs.delete(nodeId);
    }
    const nodes = this.#parts.watch.sights.filter((node) => node.grpcAddress === grpcAddress);
    for (const node of nodes) {
      // The probe itself replaces connections; what it finds is known already.
      if (this.#connectionLost(node.nodeId, now)) continue;
      this.#connectionLostMs.set(node.nodeId, now);
      this.#step(this.#inquiryFor(node));
    }
  }

  #connectionLost(nodeId: string, nowMs: number): boolean {
    return nowMs - (this.#connectionLostMs.get(nodeId) ?? -Infinity) < CONNECTION_LOST_MS;
  }

  /** One step for each node that is not heard; the others are let go. Returns at once. */
  pursue(unheard: readonly NodeSight[]): void {
    const current = new Set(unheard.map(({ nodeId }) => nodeId));
    for (const [nodeId, inquiry] of this.#open) {
      if (!current.has(nodeId) && !inquiry.busy) this.#close(inquiry);
    }
    for (const node of unheard) this.#step(this.#inquiryFor(node));
  }

  #inquiryFor(node: NodeSight): Inquiry {
    const open = this.#open.get(node.nodeId);
    if (open && orderOfStarts(open.node, node) === 'same') return open;
    const inquiry = new Inquiry(node);
    this.#open.set(node.nodeId, inquiry);
    return inquiry;
  }

  #step(inquiry: Inquiry): void {
    if (!this.#parts.leadership.leading) return;
    this.#askWitnesses(inquiry);
    if (inquiry.busy) return;
    const verdict = this.#judge(inquiry);
    switch (verdict.state) {
      case 'alive':
        inquiry.deadSinceMs = undefined;
        return;
      case 'suspect':
        // Time without store or bus is no time in which the evidence stood.
        if (verdict.doubt !== 'notAsked' && verdict.doubt !== 'witnessesNotAsked')
          inquiry.deadSinceMs = undefined;
        this.#note(inquiry, verdict.doubt);
        this.#askIfDue(inquiry);
        return;
      case 'dead':
        inquiry.deadSinceMs ??= this.#now();
        if (this.#mayEvict(inquiry)) void inquiry.whileBusy(() => this.#evict(inquiry));
        else {
          this.#note(inquiry, 'manyMissing');
          this.#askIfDue(inquiry);
        }
        return;
    }
  }

  #askIfDue(inquiry: Inquiry): void {
    if (!inquiry.isDue(this.#now(), this.#lastHeardMs(inquiry)) || this.#busyCount() >= MAX_ASKED_AT_ONCE)
      return;
    void inquiry.whileBusy(() => this.#ask(inquiry)).then(() => this.#step(inquiry));
  }

  /** Their answer takes as long as the questions to the node itself, and must not come on top. */
  #askWitnesses(inquiry: Inquiry): void {
    const { witnesses, probes } = this.#parts;
    const { nodeId } = inquiry.node;
    const beganMs = this.#now();
    if (!inquiry.witnessesAreDue(beganMs, this.#lastHeardMs(inquiry))) return;
    if (this.#witnessing >= MAX_ASKED_AT_ONCE) return;
    this.#witnessing++;
    void inquiry
      .whileAskingWitnesses(beganMs, async () => {
        const heard = await witnesses.ask(nodeId, probes.roundTripMs(nodeId));
        this.#witnessing--;
        return heard && { beganMs, heard };
      })
      .then(() => {
        if (this.#open.get(nodeId) === inquiry) this.#step(inquiry);
      });
  }

  #lastHeardMs({ node }: Inquiry): number {
    return this.#parts.watch.sight(node.nodeId)?.lastHeardMs ?? -Infinity;
  }

  #mayEvict({ node, deadSinceMs }: Inquiry): boolean {
    const { watch, brake, detection } = this.#parts;
    const now = this.#now();
    const { sights } = watch;
    const evicted = watch.deadSince(now - brake.rememberMs);
    const silent = sights.filter(
      ({ nodeId, lastHeardMs, draining }) =>
        !draining && (now - lastHeardMs >= detection.suspectAfterMs || this.#connectionLost(nodeId, now)),
    );
    const missing = new Set([...evicted, ...silent].map(({ nodeId }) => nodeId));
    return mayEvict(node, now - (deadSinceMs ?? now), { nodes: [...sights, ...evicted], missing }, brake);
  }

  #judge(inquiry: Inquiry): Verdict {
    const { watch, storeSteadiness, busSteadiness, detection } = this.#parts;
    const sight = watch.sight(inquiry.node.nodeId);
    if (!sight || orderOfStarts(sight, inquiry.node) !== 'same') return { state: 'alive' };
    const now = this.#now();
    const evidence = {
      connectionLost: this.#connectionLost(sight.nodeId, now),
      storeSteadySinceMs: storeSteadiness.sinceMs,
      busSteadySinceMs: busSteadiness.sinceMs,
      lease: watch.lease(sight.nodeId),
      askings: inquiry.askings,
      testimony: inquiry.testimony,
    };
    return judge(sight.lastHeardMs, evidence, now, detection);
  }

  async #ask(inquiry: Inquiry): Promise<void> {
    const { probes, watch, random } = this.#parts;
    const asking = await probes.ask(inquiry.node);
    const now = this.#now();
    inquiry.learned(asking, now, random);
    if (asking.bus !== 'answered' && asking.rpc !== 'answered') return;
    this.#connectionLostMs.delete(inquiry.node.nodeId);
    watch.answered(inquiry.node, now);
  }

  async #evict(inquiry: Inquiry): Promise<void> {
    const { leadership, nodes, watch, storeSteadiness, onDeath, log } = this.#parts;
    const { nodeId, startedAtMs } = inquiry.node;
    const leaderFence = await leadership.confirm();
    if (leaderFence === undefined) return;
    // Asking the store took a moment: a beat may have come meanwhile, or other nodes may have gone missing.
    const verdict = this.#judge(inquiry);
    if (verdict.state !== 'dead' || !this.#mayEvict(inquiry)) return;
    const fence = watch.sight(nodeId)?.fence ?? 0;
    try {
      if (!(await nodes.evict(nodeId, fence, leaderFence, { crashed: verdict.crashed }))) {
        log.info({ nodeId }, 'a node took its lease again as it was to be declared dead');
        return;
      }
    } catch (error) {
      if (SkeinError.from(error).code === 'STALE_EPOCH') {
        log.warn({ nodeId, leaderFence }, 'a dead node was not buried: this control no longer reconciles');
        return;
      }
      storeSteadiness.failed();
      log.warn({ err: error, nodeId }, 'a dead node could not be buried; it is judged anew');
      return;
    }
    this.#tell(inquiry.node, verdict.reason, leaderFence);
    const death = { nodeId, startedAtMs, ...(fence > 0 && { fence }) };
    watch.died(death, this.#now());
    this.#open.delete(nodeId);
    this.#connectionLostMs.delete(nodeId);
    onDeath(death);
  }

  #tell({ nodeId, startedAtMs, draining }: NodeSight, reason: string, leaderFence: number): void {
    const { log } = this.#parts;
    const fields = { event: 'nodeDead', nodeId, startedAtMs, reason, leaderFence };
    if (draining) log.info(fields, 'a media node that drained is gone');
    else log.warn(fields, 'a media node was declared dead');
  }

  #note(inquiry: Inquiry, doubt: Doubt): void {
    if (inquiry.doubt === doubt) return;
    const { nodeId } = inquiry.node;
    const { log, brake, detection } = this.#parts;
    if (doubt === 'manyMissing')
      log.warn(
        { nodeId, longLookMs: brake.longLookMs },
        'many media nodes are missing at once; looking longer before an eviction',
      );
    else if (doubt === 'heardByOthers')
      log.warn(
        { nodeId, evictedAfterMs: detection.heardByOthersForMs },
        'a media node is out of reach, but other nodes hear it: it is not evicted yet',
      );
    else if (inquiry.doubt === undefined) log.info({ nodeId, doubt }, 'a media node is not heard; asking it');
    else log.debug({ nodeId, doubt }, 'a media node is still not heard');
    inquiry.doubt = doubt;
  }

  #close(inquiry: Inquiry): void {
    const { nodeId } = inquiry.node;
    this.#open.delete(nodeId);
    if (inquiry.doubt && this.#parts.watch.sight(nodeId))
      this.#parts.log.info({ nodeId }, 'the media node is heard again');
  }

  #busyCount(): number {
    let count = 0;
    for (const inquiry of this.#open.values()) if (inquiry.busy) count++;
    return count;
  }

  #now(): number {
    return this.#parts.clock.monotonicMs();
  }
}
