import { MAX_PROBED_PIPES, type PipeEndCounters } from '@skein/rpc';
import { jitter, type Clock, type Random } from '@skein/runtime';
import { AnswerTimes } from './answer-times.ts';
import type { PeerPipes } from '../pipe-executor.ts';
import { isDoubtful, judge, type PipeHealth, type PipeSample } from './pipe-health.ts';
import type { NodePipe } from '../links/pipe.ts';
import type { PipePolicy } from '../model/pipe-policy.ts';
import type { RoomPipes, WatchedPipe } from '../room-pipes.ts';

export interface WatchedRoom {
  readonly name: string;
  readonly pipes: RoomPipes;
}

export interface PipeWatchParts {
  readonly rooms: () => readonly WatchedRoom[];
  readonly peers: PeerPipes;
  readonly policy: PipePolicy;
  readonly clock: Clock;
  readonly random: Random;
}

interface Watched extends WatchedPipe {
  readonly room: WatchedRoom;
}

type There = PipeSample['there'];

/**
 * Finds pipes that are broken: twice a second it compares what each end has sent with what the other one has received,
 * with one question per node for all pipes to it; more often to a node while one of these is in doubt. A node that is
 * slow to answer is not asked again meanwhile; of more than `MAX_PROBED_PIPES` pipes to one node, each is looked at less
 * often.
 */
export class PipeWatch {
  readonly #parts: PipeWatchParts;
  readonly #health = new WeakMap<NodePipe, PipeHealth>();
  readonly #asking = new Set<string>();
  readonly #turns = new Map<string, number>();
  readonly #answerTimes: AnswerTimes;
  /** When nodes are asked out of turn. */
  readonly #soon = new Map<string, Disposable>();
  #timer: Disposable | undefined;

  constructor(parts: PipeWatchParts) {
    this.#parts = parts;
    this.#answerTimes = new AnswerTimes(parts.policy.probeDeadlineMs);
  }

  start(): void {
    const { clock, random, policy } = this.#parts;
    this.#timer = clock.after(jitter(policy.probeEveryMs, random, 0.1), () => {
      this.#look();
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
    return this.#watched().flatMap(({ pipe }) => (pipe.peer.nodeId === nodeId ? [pipe] : []));
  }

  #look(): void {
    const byPeer = new Map<string, Watched[]>();
    for (const watched of this.#watched()) {
      const { nodeId } = watched.pipe.peer;
      const pipes = byPeer.get(nodeId);
      if (pipes) pipes.push(watched);
      else byPeer.set(nodeId, [watched]);
    }
    for (const nodeId of this.#turns.keys()) if (!byPeer.has(nodeId)) this.#turns.delete(nodeId);
    this.#answerTimes.keepOnly(byPeer);
    for (const [nodeId, pipes] of byPeer) this.#lookAt(nodeId, pipes);
  }

  #watched(): readonly Watched[] {
    return this.#parts
      .rooms()
      .flatMap((room) => room.pipes.watched.map((watched): Watched => ({ ...watched, room })));
  }

  #lookAt(nodeId: string, pipes: readonly Watched[]): void {
    if (this.#asking.has(nodeId) || pipes.length === 0) return;
    this.#asking.add(nodeId);
    void this.#judgeAll(nodeId, this.#turnOf(nodeId, pipes))
      .finally(() => this.#asking.delete(nodeId))
      .then((doubtful) => {
        if (doubtful) this.#lookSoon(nodeId);
      });
  }

  #lookSoon(nodeId: string): void {
    const { clock, random, policy } = this.#parts;
    // Closed meanwhile, or to be asked already.
    if (!this.#timer || this.#soon.has(nodeId)) return;
    const soon = clock.after(jitter(policy.probeDoubtfulEveryMs, random), () => {
      this.#soon.delete(nodeId);
      this.#lookAt(
        nodeId,
        this.#watched().filter(({ pipe }) => pipe.peer.nodeId === nodeId),
      );
    });
    this.#soon.set(nodeId, soon);
  }

  #turnOf(nodeId: string, pipes: readonly Watched[]): readonly Watched[] {
    if (pipes.length <= MAX_PROBED_PIPES) return pipes;
    const from = (this.#turns.get(nodeId) ?? 0) % pipes.length;
    this.#turns.set(nodeId, from + MAX_PROBED_PIPES);
    return [...pipes.slice(from), ...pipes.slice(0, from)].slice(0, MAX_PROBED_PIPES);
  }

  /** Whether one of them is in doubt. */
  async #judgeAll(nodeId: string, pipes: readonly Watched[]): Promise<boolean> {
    const answers = await this.#ask(nodeId, pipes);
    // Counted after the answer, so that what the other node had sent by then has arrived.
    const doubts = await Promise.all(
      pipes.map((watched, index) => this.#judge(watched, answers?.[index] ?? 'unanswered')),
    );
    return doubts.includes(true);
  }

  /** `undefined`: no answer. */
  async #ask(nodeId: string, pipes: readonly Watched[]): Promise<readonly There[] | undefined> {
    const { peers, clock } = this.#parts;
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
      // Why does not matter: what is said of it is that it did not answer.
      this.#answerTimes.missed(nodeId);
      return undefined;
    }
  }

  /** Whether the next sample is wanted soon. */
  async #judge({ pipe, expecting, room }: Watched, there: There): Promise<boolean> {
    const here = await pipe.count();
    if (pipe.phase.kind !== 'open') return false;
    // Nothing can be said of it without; whether its worker hangs is looked after elsewhere.
    if (here === 'late') return true;
    if (here === 'gone') {
      room.pipes.broken(pipe, { reason: 'its end here is gone', cutOff: false });
      return false;
    }
    const atMs = this.#parts.clock.monotonicMs();
    const usualAnswerMs = this.#answerTimes.usualMs(pipe.peer.nodeId);
    const sample = { atMs, here, there, expecting, usualAnswerMs };
    const { health, verdict } = judge(this.#health.get(pipe), sample);
    this.#health.set(pipe, health);
    if (verdict.kind === 'broken') room.pipes.broken(pipe, verdict);
    if (verdict.kind === 'works') room.pipes.works(pipe);
    return verdict.kind !== 'broken' && isDoubtful(health, sample);
  }
}

function thereOf(end: PipeEndCounters): There {
  if (!end.known) return 'gone';
  return end.late ? 'unanswered' : end;
}
