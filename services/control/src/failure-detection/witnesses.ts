import type { Bus, BusSubscription } from '@skein/bus';
import { subjects, witnessAnswer, type WitnessAnswer, type WitnessQuestion } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';

/**
 * What other nodes say of a suspect, the strongest of their answers: `media` packets from it arrive, it answers their
 * `control` calls, or they are `silent`: none hears it. `nobodyAsked`: no node has a pipe to it.
 */
export type Heard = Exclude<WitnessAnswer['heard'], 'listening'> | 'nobodyAsked';

/** How long a witness listens: a voice sends 50 packets a second. */
const LISTEN_MS = 120;
/** Until the answers are there, beside the listening and the way. */
const ANSWER_MARGIN_MS = 80;
/** How long an answer that was promised is waited for beyond that: a busy node is late. */
const PROMISED_MS = 1000;
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
  readonly #open = new Map<string, (answer: WitnessAnswer) => void>();
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
   * Ends at the first node that hears the suspect, else when the time for the answers is over: some 200 ms, and four times
   * `roundTripMs`, which the suspect usually takes to answer. `undefined`: the question did not get out, or a node that has
   * a pipe to it has not answered yet. Never rejects.
   */
  async ask(nodeId: string, roundTripMs: number): Promise<Heard | undefined> {
    const { bus, askerId, clock } = this.#parts;
    const questionId = `${askerId}-${++this.#asked}`;
    const listenMs = Math.min(5000, Math.round(LISTEN_MS + 2 * roundTripMs));
    const answerMs = listenMs + ANSWER_MARGIN_MS + 2 * roundTripMs;
    const listening = new Set<string>();
    const over = new AbortController();
    const known: { best: Heard; late: boolean } = { best: 'nobodyAsked', late: false };
    this.#open.set(questionId, ({ witnessId, heard }) => {
      if (heard === 'listening') return void listening.add(witnessId);
      listening.delete(witnessId);
      if (ORDER.indexOf(heard) > ORDER.indexOf(known.best)) known.best = heard;
      if (heard !== 'silent' || (known.late && listening.size === 0)) over.abort();
    });
    const wait = (ms: number): Promise<void> => clock.sleep(ms, over.signal).catch(() => {});
    const time = wait(answerMs);
    bus.publish(subjects.witnessQuestion, {
      questionId,
      askerId,
      nodeId,
      listenMs,
    } satisfies WitnessQuestion);
    const gotOut = bus.flush({ deadlineMs: answerMs }).then(
      () => true,
      () => false,
    );
    await time;
    known.late = true;
    if (listening.size > 0) await wait(PROMISED_MS);
    this.#open.delete(questionId);
    if (!(await gotOut) || bus.status.state !== 'connected') return undefined;
    const { best } = known;
    const isHeard = best === 'media' || best === 'control';
    return listening.size > 0 && !isHeard ? undefined : best;
  }

  #onAnswer(data: unknown): void {
    const answer = witnessAnswer.safeParse(data);
    if (answer.success) this.#open.get(answer.data.questionId)?.(answer.data);
    else this.#parts.log.warn({ err: answer.error }, 'a witness’ answer that could not be read was dropped');
  }
}
