import type { NodeRegistry } from '@skein/cluster';
import { SkeinError } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { LEASE_TTL_MS, MAX_LEASE_TTL_MS } from './heartbeat.ts';

/** A lease that is still renewed after this time belongs to another process. */
export const CLAIM_DEADLINE_MS = 4 * LEASE_TTL_MS;
/** The lease of a killed process expires within this time, also where the store is far. */
export const LAPSE_DEADLINE_MS = MAX_LEASE_TTL_MS + 2000;
const LOOK_EVERY_MS = 100;

export interface ClaimDeps {
  readonly nodeId: string;
  readonly nodes: Pick<NodeRegistry, 'list'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Waits until no other process holds a lease for this node's id: the previous one may have been killed just now. Fails
 * `UNAVAILABLE` when the lease is still renewed after `CLAIM_DEADLINE_MS`, or still exists after `LAPSE_DEADLINE_MS`, so
 * that a second process with the same id never disturbs the first. A store that does not answer delays nothing; the
 * lease's fence decides between two that start at once.
 */
export async function claimNodeId({ nodeId, nodes, clock, log }: ClaimDeps): Promise<void> {
  const fromMs = clock.monotonicMs();
  const holdersBeat = async (): Promise<number | undefined> => {
    try {
      return (await nodes.list()).find(({ record }) => record.nodeId === nodeId)?.record.beat;
    } catch (error) {
      log.debug({ err: error }, 'reading the holder of the node id failed; the lease will decide');
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

/** Another process holds the lease of this node's id. */
export function nodeIdTaken(nodeId: string): SkeinError {
  return new SkeinError(
    'UNAVAILABLE',
    `another process runs as node ${nodeId}; give each its own SKEIN_NODE_ID, or stop that one first`,
    { details: { nodeId } },
  );
}
