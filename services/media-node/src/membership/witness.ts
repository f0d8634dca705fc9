import type { Bus, BusSubscription } from '@skein/bus';
import { subjects, witnessQuestion, type WitnessAnswer, type WitnessQuestion } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { EndCounters } from '../media/engine.ts';

/** Ends counted for one answer: one that receives is enough. */
const MAX_COUNTED = 32;
/** Concurrent answers; more questions go unanswered. */
const MAX_OPEN = 32;

/** This node's end of a pipe, as the witness uses it. */
export interface HeardEnd {
  count(): Promise<EndCounters | 'late' | 'gone'>;
}

export interface WitnessDeps {
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
 * Testifies to control about a node that it suspects: whether its packets still arrive here through pipes, or it answers
 * a call. Abstains for nodes without a pipe to this one.
 */
export class Witness {
  readonly #deps: WitnessDeps;
  #questions: BusSubscription | undefined;
  #open = 0;

  constructor(deps: WitnessDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { bus, log } = this.#deps;
    this.#questions = bus.subscribe(subjects.witnessQuestion, (data) => {
      const question = witnessQuestion.safeParse(data);
      if (question.success) void this.#answer(question.data);
      else
        log.warn(
          { event: 'witness.question-dropped', err: question.error },
          'a malformed question about a suspect was dropped',
        );
    });
  }

  close(): void {
    this.#questions?.close();
  }

  /** Never rejects. */
  async #answer({ questionId, askerId, nodeId, listenMs }: WitnessQuestion): Promise<void> {
    const { bus, endsFrom, ping, log, nodeId: witnessId } = this.#deps;
    const ends = endsFrom(nodeId).slice(0, MAX_COUNTED);
    if (ends.length === 0 || nodeId === witnessId || this.#open >= MAX_OPEN) return;
    this.#open++;
    const answer = (heard: WitnessAnswer['heard']): void =>
      bus.publish(subjects.witnessAnswer(askerId), { questionId, witnessId, heard } satisfies WitnessAnswer);
    answer('listening');
    try {
      const answered = ping(nodeId, listenMs).then(
        () => true,
        () => false,
      );
      const media = await this.#receives(ends, listenMs);
      const heard = media ? 'media' : (await answered) ? 'control' : 'silent';
      answer(heard);
      log.debug({ suspect: nodeId, heard }, 'a question about a suspect was answered');
    } finally {
      this.#open--;
    }
  }

  /** Counts twice, because packets from before the question prove nothing. */
  async #receives(ends: readonly HeardEnd[], listenMs: number): Promise<boolean> {
    const before = await Promise.all(ends.map((end) => end.count()));
    await this.#deps.clock.sleep(listenMs);
    const after = await Promise.all(ends.map((end) => end.count()));
    return after.some((count, at) => {
      const earlier = before[at];
      if (typeof count !== 'object' || typeof earlier !== 'object') return false;
      return count.receivedBytes > earlier.receivedBytes;
    });
  }
}
