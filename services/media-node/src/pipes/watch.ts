import { MAX_PROBED_PIPES, type PipeEndCounters } from '@skein/rpc';
import { jitter, type Clock, type Random } from '@skein/runtime';
import type { PeerPipes } from './executor.ts';
import { judge, type PipeHealth, type PipeSample } from './health.ts';
import type { NodePipe } from './pipe.ts';
import type { PipePolicy } from './policy.ts';
import type { RoomPipes, WatchedPipe } from './room-pipes.ts';

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
 * with one question per node for all pipes to it. A node that is slow to answer is not asked again meanwhile; of more
 * than `MAX_PROBED_PIPES` pipes to one node, each is looked at less often.
 */
export class PipeWatch {
  readonly #parts: PipeWatchParts;
  readonly #health = new WeakMap<NodePipe, PipeHealth>();
  readonly #asking = new Set<string>();
  readonly #turns = new Map<string, number>();
  #timer: Disposable | undefined;

  constructor(parts: PipeWatchParts) {
    this.#parts = parts;
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
  }

  #look(): void {
    const all = this.#parts
      .rooms()
      .flatMap((room) => room.pipes.watched.map((watched): Watched => ({ ...watched, room })));
    const byPeer = new Map<string, Watched[]>();
    for (const watched of all) {
      const { nodeId } = watched.pipe.peer;
      const pipes = byPeer.get(nodeId);
      if (pipes) pipes.push(watched);
      else byPeer.set(nodeId, [watched]);
    }
    for (const nodeId of this.#turns.keys()) if (!byPeer.has(nodeId)) this.#turns.delete(nodeId);
    for (const [nodeId, pipes] of byPeer) {
      if (this.#asking.has(nodeId)) continue;
      this.#asking.add(nodeId);
      void this.#lookAt(nodeId, this.#turnOf(nodeId, pipes)).finally(() => this.#asking.delete(nodeId));
    }
  }

  #turnOf(nodeId: string, pipes: readonly Watched[]): readonly Watched[] {
    if (pipes.length <= MAX_PROBED_PIPES) return pipes;
    const from = (this.#turns.get(nodeId) ?? 0) % pipes.length;
    this.#turns.set(nodeId, from + MAX_PROBED_PIPES);
    return [...pipes.slice(from), ...pipes.slice(0, from)].slice(0, MAX_PROBED_PIPES);
  }

  async #lookAt(nodeId: string, pipes: readonly Watched[]): Promise<void> {
    const answers = await this.#ask(nodeId, pipes);
    // Counted after the answer, so that what the other node had sent by then has arrived.
    await Promise.all(pipes.map((watched, index) => this.#judge(watched, answers?.[index] ?? 'unanswered')));
  }

  /** `undefined`: no answer. */
  async #ask(nodeId: string, pipes: readonly Watched[]): Promise<readonly There[] | undefined> {
    const { peers, policy } = this.#parts;
    const probes = pipes.map(({ pipe, room }) => ({
      room: room.name,
      callerInstanceId: pipe.instanceId,
      calleeInstanceId: pipe.remoteInstanceId ?? '',
    }));
    try {
      const client = await peers.client(nodeId);
      const { ends } = await client.probePipes({ pipes: probes }, { deadlineMs: policy.probeDeadlineMs });
      return ends.map((end: PipeEndCounters): There => (end.known ? end : 'gone'));
    } catch {
      // Why does not matter: what is said of it is that it did not answer.
      return undefined;
    }
  }

  async #judge({ pipe, expecting, room }: Watched, there: There): Promise<void> {
    const here = await pipe.count();
    if (pipe.phase.kind !== 'open') return;
    if (!here) return room.pipes.broken(pipe, { reason: 'its end here is gone', cutOff: false });
    const atMs = this.#parts.clock.monotonicMs();
    const { health, verdict } = judge(this.#health.get(pipe), { atMs, here, there, expecting });
    this.#health.set(pipe, health);
    if (verdict.kind === 'broken') room.pipes.broken(pipe, verdict);
    if (verdict.kind === 'works') room.pipes.works(pipe);
  }
}
