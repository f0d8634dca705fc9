import type { ClientApi } from '../../client-report.ts';

/** A call of one person's `ClientApi`, to the process that holds all people without a browser. */
export interface CallMessage {
  readonly id: number;
  readonly identity: string;
  readonly method: keyof ClientApi;
  readonly args: readonly unknown[];
}

export type AnswerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly message: string }
  /** Something that nobody waited for went wrong. */
  | { readonly type: 'problem'; readonly message: string };
