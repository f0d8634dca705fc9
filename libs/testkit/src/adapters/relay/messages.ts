import type { Impairment } from '../../network/impaired-line.ts';

/** What a relay is started with, as JSON in its only argument. */
export interface RelayPlan {
  /** Names of the TAP devices that it makes, one for each end of the link. */
  readonly taps: readonly [string, string];
  readonly impairment: Impairment;
  /** The same seed loses the same frames, by their number. */
  readonly seed: number;
}

/** To the relay: its link is another one from now on. Answered with `ready`. */
export type RelayOrder = Impairment;

/** From the relay: both devices are there, or the order has been carried out. */
export type RelayAnswer = 'ready';
