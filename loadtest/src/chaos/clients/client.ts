import type { ClientView, TrackGaps } from './client-report.ts';

/** A person of the fault bench, in a browser of their own or without one. Any call may reject when the client hangs. */
export interface Client extends AsyncDisposable {
  readonly identity: string;
  /** Errors that the client's surroundings threw. */
  readonly problems: string[];
  view(): Promise<ClientView>;
  gaps(fromMs: number, toMs: number): Promise<readonly TrackGaps[]>;
  evidence(trackId: string): Promise<string>;
  expectAbsence(identities: readonly string[]): Promise<void>;
  /** For good. */
  leave(): Promise<void>;
  /** Leaves and joins again, on this node. */
  rejoin(nodeId: string): Promise<void>;
}
