import type { NodeRegistry } from '@skein/cluster';
import { SkeinError, type NodeDeath } from '@skein/protocol';
import type { Clock, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { Inquiry } from './inquiry.ts';
import type { Leadership } from './leadership.ts';
import type { NodeSight, NodeWatch } from './node-watch.ts';
import type { AskNode } from './probes.ts';
import type { Steadiness } from './steadiness.ts';
import { judge, patience, type Verdict } from './verdict.ts';

/** Nodes that are asked at the same time. The others wait for their turn: a death found late beats a flood. */
const MAX_ASKED_AT_ONCE = 32;

export interface InquiriesParts {
  readonly watch: NodeWatch;
  readonly storeSteadiness: Steadiness;
  readonly busSteadiness: Steadiness;
  readonly leadership: Pick<Leadership, 'leading' | 'confirm'>;
  readonly nodes: Pick<NodeRegistry, 'bury'>;
  readonly ask: AskNode;
  readonly onDeath: (death: NodeDeath) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Finds out about the nodes that are not heard, and buries the dead. */
export class Inquiries {
  readonly #parts: InquiriesParts;
  readonly #open = new Map<string, Inquiry>();

  constructor(parts: InquiriesParts) {
    this.#parts = parts;
  }

  suspects(nowMs: number): readonly NodeSight[] {
    return this.#parts.watch.sights.filter(
      ({ lastHeardMs }) => nowMs - lastHeardMs >= patience.suspectAfterMs,
    );
  }

  /** One step for each suspect; what is not suspect any more is let go. Returns at once. */
  pursue(suspects: readonly NodeSight[]): void {
    const current = new Set(suspects.map(({ nodeId }) => nodeId));
    for (const [nodeId, inquiry] of this.#open) {
      if (!current.has(nodeId) && !inquiry.busy) this.#close(inquiry);
    }
    for (const node of suspects) this.#step(this.#inquiryFor(node));
  }

  #inquiryFor(node: NodeSight): Inquiry {
    const open = this.#open.get(node.nodeId);
    if (open?.node.startedAtMs === node.startedAtMs) return open;
    const inquiry = new Inquiry(node);
    this.#open.set(node.nodeId, inquiry);
    return inquiry;
  }

  #step(inquiry: Inquiry): void {
    if (inquiry.busy || !this.#parts.leadership.leading) return;
    const verdict = this.#judge(inquiry);
    switch (verdict.state) {
      case 'alive':
        return;
      case 'suspect':
        this.#note(inquiry, verdict);
        if (inquiry.isDue(this.#now()) && this.#busyCount() < MAX_ASKED_AT_ONCE) {
          void inquiry.whileBusy(() => this.#ask(inquiry)).then(() => this.#step(inquiry));
        }
        return;
      case 'dead':
        void inquiry.whileBusy(() => this.#bury(inquiry));
        return;
    }
  }

  #judge(inquiry: Inquiry): Verdict {
    const { watch, storeSteadiness, busSteadiness } = this.#parts;
    const { nodeId, startedAtMs } = inquiry.node;
    const sight = watch.sight(nodeId);
    if (sight?.startedAtMs !== startedAtMs) return { state: 'alive' };
    const evidence = {
      storeSteadySinceMs: storeSteadiness.sinceMs,
      busSteadySinceMs: busSteadiness.sinceMs,
      lease: watch.lease(nodeId),
      askings: inquiry.askings,
    };
    return judge(sight.lastHeardMs, evidence, this.#now());
  }

  async #ask(inquiry: Inquiry): Promise<void> {
    const { ask, watch, random } = this.#parts;
    const asking = await ask(inquiry.node);
    const now = this.#now();
    inquiry.learned(asking, now, random);
    if (asking.bus === 'answered' || asking.rpc === 'answered') watch.answered(inquiry.node, now);
  }

  async #bury(inquiry: Inquiry): Promise<void> {
    const { leadership, nodes, watch, storeSteadiness, onDeath, log } = this.#parts;
    const { nodeId, startedAtMs } = inquiry.node;
    const leaderFence = await leadership.confirm();
    if (leaderFence === undefined) return;
    // Asking the store took a moment: a beat may have come meanwhile.
    const verdict = this.#judge(inquiry);
    if (verdict.state !== 'dead') return;
    try {
      if (!(await nodes.bury(nodeId, watch.sight(nodeId)?.fence ?? 0, leaderFence))) {
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
    watch.died({ nodeId, startedAtMs }, this.#now());
    this.#open.delete(nodeId);
    onDeath({ nodeId, startedAtMs });
  }

  #tell({ nodeId, startedAtMs, draining }: NodeSight, reason: string, leaderFence: number): void {
    const { log } = this.#parts;
    const fields = { event: 'nodeDead', nodeId, startedAtMs, reason, leaderFence };
    if (draining) log.info(fields, 'a media node that drained is gone');
    else log.warn(fields, 'a media node was declared dead');
  }

  #note(inquiry: Inquiry, { doubt }: Extract<Verdict, { state: 'suspect' }>): void {
    if (inquiry.doubt === doubt) return;
    const { nodeId } = inquiry.node;
    const { log } = this.#parts;
    if (inquiry.doubt === undefined) log.info({ nodeId, doubt }, 'a media node is not heard; asking it');
    else log.debug({ nodeId, doubt }, 'a media node is still not heard');
    inquiry.doubt = doubt;
  }

  #close(inquiry: Inquiry): void {
    const { nodeId } = inquiry.node;
    this.#open.delete(nodeId);
    if (this.#parts.watch.sight(nodeId)) this.#parts.log.info({ nodeId }, 'the media node is heard again');
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
