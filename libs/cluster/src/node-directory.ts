import type { Bus } from '@skein/bus';
import type { Clock, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { NodeRegistry } from './node-registry.ts';
import type { NodeView, PlacementPolicy } from './placement.ts';
import type { PlacementCandidates } from './room-store.ts';

export interface NodeDirectoryOptions {
  readonly bus: Bus;
  readonly nodes: NodeRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Default: `defaultPlacementPolicy`. */
  readonly policy?: PlacementPolicy;
  /** How often the registry is read beside the beats. Default 1500, jittered. */
  readonly refreshMs?: number;
}

/** A gateway's live view of the nodes, for placement: from their beats, and from the registry where beats are missing. */
export interface NodeDirectory {
  /** Reads the registry once. Resolves also when it can't be read: beats and later reads fill the view. */
  start(): Promise<void>;
  views(): readonly NodeView[];
  /** `chooseCandidates` over the present view. Fails `NODE_NOT_FOUND` for a wished node that can't be had. */
  candidates(query?: { region?: string | undefined; wishedNodeId?: string | undefined }): PlacementCandidates;
  /** Counts a session placed on a node: here at once, and in the store for all gateways. */
  noteAssignment(nodeId: string): void;
  close(): void;
}

export function openNodeDirectory(options: NodeDirectoryOptions): NodeDirectory {
  throw new Error(`not there yet: ${options.refreshMs}`);
}
