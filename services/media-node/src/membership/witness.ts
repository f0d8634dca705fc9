import type { Bus, BusSubscription } from '@skein/bus';
import { subjects, witnessQuestion, type WitnessAnswer, type WitnessQuestion } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { EndCounters } from '../pipes/health/pipe-health.ts';

/** Ends that are counted for one answer: one that receives is enough. */
const MAX_COUNTED = 32;
/** Questions that are answered at the same time; more go without this node's answer. */
const MAX_OPEN = 32;

/** This node's end of a pipe, as far as a witness needs it. */
export interface HeardEnd {
  count(): Promise<EndCounters | 'late' | 'gone'>;
}

export interface WitnessParts {
  readonly nodeId: string;
  readonly bus: Bus;
  /** The open pipes from a node. */
  readonly endsFrom: (nodeId: string) => readonly HeardEnd[];
  /** Whether the node answers a call within `withinMs`. Rejects when it does not. */
  readonly ping: (nodeId: string, withinMs: number) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Tells control whether a node that it suspects is still heard here: by packets that come in through its pipes, or by an
 * answer to a call. Says nothing of nodes to which there is no pipe.
 */
export class Witness {
  readonly #parts: WitnessParts;
  #questions: BusSubscription | undefined;
  #open = 0;

  constructor(parts: WitnessParts) {
    this.#parts = parts;
  }

  start(): void {
    const { bus, log } = this.#parts;
    this.#questions = bus.subscribe(subjects.witnessQuestion, (data) => {
      const question = witnessQuestion.safeParse(data);
      if (question.success) void this.#answer(question.data);
      else log.warn({ err: question.error }, 'a question about a suspect that could not be read was dropped');
    });
  }

  close(): void {
    this.#questions?.close();
  }

  /** Never rejects. */
  async #answer({ questionId, askerId, nodeId, listenMs }: WitnessQuestion): Promise<void> {
    const { bus, endsFrom, ping, log, nodeId: witnessId } = this.#parts;
    const ends = endsFrom(nodeId).slice(0, MAX_COUNTED);
    if (ends.length === 0 || nodeId === witnessId || this.#open >= MAX_OPEN) return;
    this.#open++;
    const tell = (heard: WitnessAnswer['heard']): void =>
      bus.publish(subjects.witnessAnswer(askerId), { questionId, witnessId, heard } satisfies WitnessAnswer);
    tell('listening');
    try {
      const answered = ping(nodeId, listenMs).then(
        () => true,
        () => false,
      );
      const media = await this.#receives(ends, listenMs);
      const heard = media ? 'media' : (await answered) ? 'control' : 'silent';
      tell(heard);
      log.debug({ suspect: nodeId, heard }, 'control was told whether a suspect is heard');
    } finally {
      this.#open--;
    }
  }

  /** Counted twice: what came before the question says nothing. */
  async #receives(ends: readonly HeardEnd[], listenMs: number): Promise<boolean> {
    const before = await Promise.all(ends.map((end) => end.count()));
    await this.#parts.clock.sleep(listenMs);
    const after = await Promise.all(ends.map((end) => end.count()));
    return after.some((count, at) => {
      const earlier = before[at];
      if (typeof count !== 'object' || typeof earlier !== 'object') return false;
      return count.receivedBytes > earlier.receivedBytes;
    });
  }
}
