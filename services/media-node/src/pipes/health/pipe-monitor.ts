import { MAX_PROBED_PIPES, type PipeEndCounters } from '@skein/rpc';
import { jitter, type Clock, type Random } from '@skein/runtime';
import { AnswerTimes } from './answer-times.ts';
import type { PeerPipes } from '../model/peer-pipes.ts';
import { isSuspect, stepHealth, type PipeHealth, type PipeSample } from './pipe-health.ts';
import type { NodePipe } from '../links/pipe.ts';
import type { PipePolicy } from '../model/pipe-policy.ts';

/** A pipe whose health is checked. */
export interface MonitoredPipe {
  readonly pipe: NodePipe;
  /** Whether a track should be arriving: one that is not known to be muted, though its pull may have failed. */
  readonly expecting: boolean;
}

/** The pipes of a room, as the monitor uses them. */
export interface MonitoredPipes {
  readonly monitored: readonly MonitoredPipe[];
  /** The pipe is broken. `cutOff`: neither packets nor answers arrive from the other node. */
  broken(pipe: NodePipe, evidence: { readonly reason: string; readonly cutOff: boolean }): void;
  /** Packets arrive in both directions. */
  works(pipe: NodePipe): void;
}

export interface MonitoredRoom {
  readonly name: string;
  readonly pipes: MonitoredPipes;
}

export interface PipeMonitorDeps {
  readonly rooms: () => readonly MonitoredRoom[];
  readonly peers: PeerPipes;
  readonly policy: PipePolicy;
  readonly clock: Clock;
  readonly random: Random;
}

interface Monitored extends MonitoredPipe {
  readonly room: MonitoredRoom;
}

type There = PipeSample['there'];

/**
 * Detects broken pipes. Twice a second it compares what each end has sent with what the other end has received, with one
 * request per node for all pipes to it, and more often while one of them is suspect. There is at most one request per
 * node at a time; of more than `MAX_PROBED_PIPES` pipes to one node, each is checked less often.
 */
export class PipeMonitor {
  readonly #deps: PipeMonitorDeps;
  readonly #health = new WeakMap<NodePipe, PipeHealth>();
  readonly #probing = new Set<string>();
  readonly #nextBatch = new Map<string, number>();
  readonly #answerTimes: AnswerTimes;
  /** Early checks of nodes with a suspect pipe. */
  readonly #soon = new Map<string, Disposable>();
  #timer: Disposable | undefined;

  constructor(deps: PipeMonitorDeps) {
    this.#deps = deps;
    this.#answerTimes = new AnswerTimes(deps.policy.probeDeadlineMs);
  }

  start(): void {
    const { clock, random, policy } = this.#deps;
    this.#timer = clock.after(jitter(policy.probeEveryMs, random, 0.1), () => {
      this.#checkAll();
      this.start();
    });
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    for (const soon of this.#soon.values()) soon[Symbol.dispose]();
    this.#soon.clear();
  }

  /** This node's ends of the open pipes from a node. */
  endsFrom(nodeId: string): readonly NodePipe[] {
    return this.#monitored().flatMap(({ pipe }) => (pipe.peer.nodeId === nodeId ? [pipe] : []));
  }

  #checkAll(): void {
    const byPeer = new Map<string, Monitored[]>();
    for (const monitored of this.#monitored()) {
      const { nodeId } = monitored.pipe.peer;
      const pipes = byPeer.get(nodeId);
      if (pipes) pipes.push(monitored);
      else byPeer.set(nodeId, [monitored]);
    }
    for (const nodeId of this.#nextBatch.keys()) if (!byPeer.has(nodeId)) this.#nextBatch.delete(nodeId);
    this.#answerTimes.keepOnly(byPeer);
    for (const [nodeId, pipes] of byPeer) this.#check(nodeId, pipes);
  }

  #monitored(): readonly Monitored[] {
    return this.#deps
      .rooms()
      .flatMap((room) => room.pipes.monitored.map((monitored): Monitored => ({ ...monitored, room })));
  }

  #check(nodeId: string, pipes: readonly Monitored[]): void {
    if (this.#probing.has(nodeId) || pipes.length === 0) return;
    this.#probing.add(nodeId);
    void this.#assessAll(nodeId, this.#batchOf(nodeId, pipes))
      .finally(() => this.#probing.delete(nodeId))
      .then((suspect) => {
        if (suspect) this.#checkSoon(nodeId);
      });
  }

  #checkSoon(nodeId: string): void {
    const { clock, random, policy } = this.#deps;
    // Closed meanwhile, or scheduled already.
    if (!this.#timer || this.#soon.has(nodeId)) return;
    const soon = clock.after(jitter(policy.probeSuspectEveryMs, random), () => {
      this.#soon.delete(nodeId);
      this.#check(
        nodeId,
        this.#monitored().filter(({ pipe }) => pipe.peer.nodeId === nodeId),
      );
    });
    this.#soon.set(nodeId, soon);
  }

  #batchOf(nodeId: string, pipes: readonly Monitored[]): readonly Monitored[] {
    if (pipes.length <= MAX_PROBED_PIPES) return pipes;
    const from = (this.#nextBatch.get(nodeId) ?? 0) % pipes.length;
    this.#nextBatch.set(nodeId, from + MAX_PROBED_PIPES);
    return [...pipes.slice(from), ...pipes.slice(0, from)].slice(0, MAX_PROBED_PIPES);
  }

  /** Resolves with whether one of them is suspect. */
  async #assessAll(nodeId: string, pipes: readonly Monitored[]): Promise<boolean> {
    const answers = await this.#probe(nodeId, pipes);
    // Counted after the answer, so that what the other node had sent by then has arrived.
    const suspects = await Promise.all(
      pipes.map((monitored, index) => this.#assess(monitored, answers?.[index] ?? 'unanswered')),
    );
    return suspects.includes(true);
  }

  /** `undefined`: no answer. */
  async #probe(nodeId: string, pipes: readonly Monitored[]): Promise<readonly There[] | undefined> {
    const { peers, clock } = this.#deps;
    const probes = pipes.map(({ pipe, room }) => ({
      room: room.name,
      callerInstanceId: pipe.instanceId,
      calleeInstanceId: pipe.remoteInstanceId ?? '',
    }));
    try {
      const client = await peers.client(nodeId);
      const askedAtMs = clock.monotonicMs();
      const deadlineMs = this.#answerTimes.deadlineMs(nodeId);
      const { ends } = await client.probePipes({ pipes: probes }, { deadlineMs });
      this.#answerTimes.answered(nodeId, clock.monotonicMs() - askedAtMs);
      return ends.map(thereOf);
    } catch {
      // The cause does not matter: the node did not answer.
      this.#answerTimes.missed(nodeId);
      return undefined;
    }
  }

  /** Resolves with whether the next sample is wanted soon. */
  async #assess({ pipe, expecting, room }: Monitored, there: There): Promise<boolean> {
    const here = await pipe.count();
    if (pipe.phase.kind !== 'open') return false;
    // No verdict without our own count; a hanging worker is detected elsewhere.
    if (here === 'late') return true;
    if (here === 'gone') {
      room.pipes.broken(pipe, { reason: 'its end here is gone', cutOff: false });
      return false;
    }
    const atMs = this.#deps.clock.monotonicMs();
    const usualAnswerMs = this.#answerTimes.usualMs(pipe.peer.nodeId);
    const sample = { atMs, here, there, expecting, usualAnswerMs };
    const { health, verdict } = stepHealth(this.#health.get(pipe), sample);
    this.#health.set(pipe, health);
    if (verdict.kind === 'broken') room.pipes.broken(pipe, verdict);
    if (verdict.kind === 'works') room.pipes.works(pipe);
    return verdict.kind !== 'broken' && isSuspect(health, sample);
  }
}

function thereOf(end: PipeEndCounters): There {
  if (!end.known) return 'gone';
  return end.late ? 'unanswered' : end;
}
