import type { Bus, BusSubscription } from '@skein/bus';
import { subjects, witnessAnswer, type WitnessAnswer, type WitnessQuestion } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';

/**
 * The strongest answer of a suspect's peers: its `media` packets arrive, it answers their `control` calls, or it is `silent`
 * for all of them. `nobodyAsked`: no node has a pipe to it.
 */
export type Heard = Exclude<WitnessAnswer['heard'], 'listening'> | 'nobodyAsked';

/** How long a witness listens: one audio track sends 50 packets a second. */
const LISTEN_MS = 120;
/** Time for the answers, beside listening and the network. */
const ANSWER_MARGIN_MS = 80;
/** Further wait for a witness that announced an answer: a busy node is late. */
const PROMISED_MS = 1000;
const ORDER: readonly Heard[] = ['nobodyAsked', 'silent', 'control', 'media'];

export interface WitnessesDeps {
  readonly bus: Bus;
  /** Unique among all controls. */
  readonly askerId: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Asks the nodes that have pipes to a suspect whether they hear it: a full link loses heartbeats and answers while media
 * still arrives. One message to all nodes per suspect; nodes without a pipe to it do not answer.
 */
export class Witnesses {
  readonly #deps: WitnessesDeps;
  readonly #open = new Map<string, (answer: WitnessAnswer) => void>();
  #answers: BusSubscription | undefined;
  #asked = 0;

  constructor(deps: WitnessesDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { bus, askerId } = this.#deps;
    this.#answers = bus.subscribe(subjects.witnessAnswer(askerId), (data) => this.#onAnswer(data));
  }

  stop(): void {
    this.#answers?.close();
    this.#open.clear();
  }

  /**
   * Ends at the first node that hears the suspect, else after some 200 ms plus four times `roundTripMs`, the suspect's usual
   * round trip. `undefined`: the question was not sent, or a witness has not answered yet. Never rejects.
   */
  async ask(nodeId: string, roundTripMs: number): Promise<Heard | undefined> {
    const { bus, askerId, clock } = this.#deps;
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
    const wasSent = bus.flush({ deadlineMs: answerMs }).then(
      () => true,
      () => false,
    );
    await time;
    known.late = true;
    if (listening.size > 0) await wait(PROMISED_MS);
    this.#open.delete(questionId);
    if (!(await wasSent) || bus.status.state !== 'connected') return undefined;
    const { best } = known;
    const isHeard = best === 'media' || best === 'control';
    return listening.size > 0 && !isHeard ? undefined : best;
  }

  #onAnswer(data: unknown): void {
    const answer = witnessAnswer.safeParse(data);
    if (answer.success) this.#open.get(answer.data.questionId)?.(answer.data);
    else this.#deps.log.warn({ err: answer.error }, 'an unreadable witness answer was dropped');
  }
}
