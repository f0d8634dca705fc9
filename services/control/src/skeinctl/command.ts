import type { ControlServiceClient } from '@skein/rpc';

/** A command of skeinctl, as the command line, its help and the shells' completion show it. */
export interface CommandSpec {
  /** Its words: `node drain` is `['node', 'drain']`. */
  readonly path: readonly string[];
  /** One line, without a full stop. */
  readonly summary: string;
  /** What its own help says below that. */
  readonly details?: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly Example[];
  /** Reads what the user gave, and fails with a `UsageError` where that is wrong. The result asks control. */
  readonly prepare: (given: Given) => Ask;
}

/** Asks control. Fails with control's `SkeinError`. */
export type Ask = (control: ControlServiceClient) => Promise<Answer>;

export interface Answer {
  /** What `--json` prints. */
  readonly document: unknown;
  /** What is printed otherwise, without a last newline. */
  readonly text: string;
}

/** `completes`: what a shell offers for it. */
export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly completes: CompletionSource;
}

export type CompletionSource = 'nodes' | 'rooms' | readonly string[];

export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** What its value is called in the help. */
  readonly value: string;
  readonly description: string;
}

export interface Example {
  readonly line: string;
  readonly does: string;
}

/** What stood on the command line, unread. */
export interface Given {
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Options of every command. */
export const sharedOptions: readonly (Omit<OptionSpec, 'value'> & { readonly value?: string })[] = [
  { name: 'json', description: 'print one JSON document instead of text' },
  {
    name: 'control',
    value: 'HOST:PORT',
    description: 'address of control (default: $SKEIN_CONTROL, else 127.0.0.1:7000)',
  },
];
