import { readFileLimit } from '../measure/cluster/adapters/proc.ts';
import type { Scenario } from '../scenario/schema.ts';

export interface Preflight {
  /** Processes that the peers are spread over. */
  readonly processes: number;
  /** What is likely to go wrong on this machine. */
  readonly warnings: readonly string[];
}

/** With fewer peers a process more costs more than it brings. */
const PEERS_PER_PROCESS = 10;
/** A peer with media: its socket, and for each of two transports a UDP socket and what its event loop needs. */
const FILES_PER_MEDIA_PEER = 8;
const FILES_PER_SIGNALING_PEER = 1;
const FILES_OF_A_PROCESS = 64;

/** Looks whether this machine can play a scenario. */
export function preflight(
  { groups, processes: wanted }: Scenario,
  { cores, fileLimit = readFileLimit() }: { readonly cores: number; readonly fileLimit?: number | undefined },
): Preflight {
  const peersOf = (connect: 'media' | 'signaling'): number =>
    groups
      .filter((group) => group.connect === connect)
      .reduce((sum, { rooms, peersPerRoom }) => sum + rooms * peersPerRoom, 0);
  const [media, signaling] = [peersOf('media'), peersOf('signaling')];
  const processes =
    wanted ?? Math.max(1, Math.min(cores, Math.ceil((media + signaling) / PEERS_PER_PROCESS)));
  const perProcess = (media * FILES_PER_MEDIA_PEER + signaling * FILES_PER_SIGNALING_PEER) / processes;
  const files = FILES_OF_A_PROCESS + Math.ceil(perProcess);
  // A gateway of an own cluster holds all connections.
  const needed = Math.max(files, FILES_OF_A_PROCESS + media + signaling);
  return {
    processes,
    warnings:
      fileLimit !== undefined && needed > fileLimit
        ? [
            `about ${needed} open files are needed in one process and ${fileLimit} are allowed: raise \`ulimit -n\``,
          ]
        : [],
  };
}
