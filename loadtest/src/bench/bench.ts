/** What a bench may use of its surroundings. */
export interface BenchContext {
  /** `short` only shows that the bench works, within some ten seconds; its figures are not judged. */
  readonly form: 'short' | 'long';
  /** The same seed repeats a run's choices. */
  readonly seed: number;
  /** A line of progress for people. */
  readonly say: (line: string) => void;
  /** Aborted when the run is interrupted: stop what was started and reject with its reason. */
  readonly signal: AbortSignal;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Figures, with units in their names; a list of flat objects is shown as a table. */
export type BenchResult = Readonly<Record<string, Json>>;

/** A limit on one figure of the result. At least one of `max` and `min` is given. */
export interface Budget {
  /** Where the figure is in the result, such as `answerMs.p50`; `*` stands for each element of a list. */
  readonly figure: string;
  readonly max?: number;
  readonly min?: number;
}

/** One measurement of speed or cost, with a baseline in the same run, since machines differ. */
export interface Bench {
  /** As it is called on the command line. */
  readonly name: string;
  /** What it measures, in one line. */
  readonly what: string;
  readonly budgets: readonly Budget[];
  /**
   * Measures once. Starts what it needs and leaves nothing behind, also when it fails. Rejects with an error whose
   * message tells a person what to do.
   */
  run(context: BenchContext): Promise<BenchResult>;
}
