import type { Bus, BusSubscription } from '@skein/bus';
import { subjects, witnessAnswer, type WitnessAnswer, type WitnessQuestion } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';

/**
 * What other nodes say of a suspect, the strongest of their answers: `media` packets from it arrive, it answers their
 * `control` calls, or they are `silent`: none hears it. `nobodyAsked`: no node has a pipe to it.
 */
export type Heard = WitnessAnswer['heard'] | 'nobodyAsked';

/** How long a witness listens: a voice sends 50 packets a second. */
const LISTEN_MS = 120;
/** Until the answers are there, beside the listening and the way. */
const ANSWER_MARGIN_MS = 60;
const ORDER: readonly Heard[] = ['nobodyAsked', 'silent', 'control', 'media'];

export interface WitnessesParts {
  readonly bus: Bus;
  /** Unique among all controls. */
  readonly askerId: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Asks the nodes that have pipes to a suspect whether they hear it: a node whose link is full loses its beats and its
 * answers, while its media still arrives. One message to all nodes for a suspect; those without a pipe to it say nothing.
 */
export class Witnesses {
  readonly #parts: WitnessesParts;
  readonly #open = new Map<string, (heard: Heard) => void>();
  #answers: BusSubscription | undefined;
  #asked = 0;

  constructor(parts: WitnessesParts) {
    this.#parts = parts;
  }

  start(): void {
    const { bus, askerId } = this.#parts;
    this.#answers = bus.subscribe(subjects.witnessAnswer(askerId), (data) => this.#onAnswer(data));
  }

  stop(): void {
    this.#answers?.close();
    this.#open.clear();
  }

  /**
   * Ends at the first node that hears the suspect, else when the time for the answers is over: some 200 ms, and twice
   * `roundTripMs`, which the suspect usually takes to answer. `undefined`: the question did not get out. Never rejects.
   */
  async ask(nodeId: string, roundTripMs: number): Promise<Heard | undefined> {
    const { bus, askerId, clock } = this.#parts;
    const questionId = `${askerId}-${++this.#asked}`;
    const listenMs = Math.min(5000, Math.round(LISTEN_MS + 2 * roundTripMs));
    let best: Heard = 'nobodyAsked';
    const over = new AbortController();
    this.#open.set(questionId, (heard) => {
      if (ORDER.indexOf(heard) > ORDER.indexOf(best)) best = heard;
      if (heard !== 'silent') over.abort();
    });
    const answered = clock.sleep(listenMs + ANSWER_MARGIN_MS + 2 * roundTripMs, over.signal).catch(() => {});
    bus.publish(subjects.witnessQuestion, {
      questionId,
      askerId,
      nodeId,
      listenMs,
    } satisfies WitnessQuestion);
    const gotOut = bus.flush({ deadlineMs: listenMs + ANSWER_MARGIN_MS }).then(
      () => true,
      () => false,
    );
    await answered;
    this.#open.delete(questionId);
    return (await gotOut) && bus.status.state === 'connected' ? best : undefined;
  }

  #onAnswer(data: unknown): void {
    const answer = witnessAnswer.safeParse(data);
    if (answer.success) this.#open.get(answer.data.questionId)?.(answer.data.heard);
    else this.#parts.log.warn({ err: answer.error }, 'a witness’ answer that could not be read was dropped');
  }
}
