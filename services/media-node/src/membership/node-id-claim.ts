import type { NodeRegistry } from '@skein/cluster';
import { SkeinError } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { LEASE_TTL_MS, MAX_LEASE_TTL_MS } from './heartbeat.ts';

/** A lease that is renewed for so long is another process's. */
export const CLAIM_DEADLINE_MS = 4 * LEASE_TTL_MS;
/** The lease of a process that was killed runs out by then, also where the store is far. */
export const LAPSE_DEADLINE_MS = MAX_LEASE_TTL_MS + 2000;
const LOOK_EVERY_MS = 100;

export interface ClaimParts {
  readonly nodeId: string;
  readonly nodes: Pick<NodeRegistry, 'list'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Waits until no other process holds a lease for this node's id: the one before may have been killed just now. Fails
 * `UNAVAILABLE` when the lease is still renewed after `CLAIM_DEADLINE_MS`, or there after `LAPSE_DEADLINE_MS`, so that a second
 * process with the same id never disturbs the first. A store that does not answer holds nobody up; two that start at once are told apart by the lease's fence.
 */
export async function claimNodeId({ nodeId, nodes, clock, log }: ClaimParts): Promise<void> {
  const fromMs = clock.monotonicMs();
  const holdersBeat = async (): Promise<number | undefined> => {
    try {
      return (await nodes.list()).find(({ record }) => record.nodeId === nodeId)?.record.beat;
    } catch (error) {
      log.debug({ err: error }, 'it is not known whether the node id is free; the lease will tell');
      return undefined;
    }
  };
  const first = await holdersBeat();
  for (let beat = first; beat !== undefined; beat = await holdersBeat()) {
    const waitedMs = clock.monotonicMs() - fromMs;
    if (waitedMs >= (beat === first ? LAPSE_DEADLINE_MS : CLAIM_DEADLINE_MS)) throw nodeIdTaken(nodeId);
    await clock.sleep(LOOK_EVERY_MS);
  }
}

/** Another process has the lease of this node's id. */
export function nodeIdTaken(nodeId: string): SkeinError {
  return new SkeinError(
    'UNAVAILABLE',
    `another process runs as node ${nodeId}; give each its own SKEIN_NODE_ID, or stop that one first`,
    { details: { nodeId } },
  );
}
