import type { Bus } from '@skein/bus';
import { SkeinError, subjects } from '@skein/protocol';
import { nodeService, type RpcClients } from '@skein/rpc';
import type { Clock } from '@skein/runtime';
import type { Asking, ProbeAnswer } from './verdict.ts';
import type { NodeSight } from './node-watch.ts';

/** How long a node may take to answer that it lives. */
export const PROBE_DEADLINE_MS = 300;

/** Asks a node whether it lives, both ways at once; ends within about `PROBE_DEADLINE_MS`. Never rejects. */
export type AskNode = (node: NodeSight) => Promise<Asking>;

export interface ProbesParts {
  readonly bus: Bus;
  /** For nothing else: a probe starts with a new connection. */
  readonly clients: RpcClients;
  readonly clock: Clock;
}

export function createProbes({ bus, clients, clock }: ProbesParts): AskNode {
  const deadline = { deadlineMs: PROBE_DEADLINE_MS };
  const overBus = async (nodeId: string): Promise<ProbeAnswer> => {
    const asked = answerOf(bus.request(subjects.nodePing(nodeId), {}, deadline));
    // A bus that hangs makes every node silent, and it takes its client seconds to notice.
    const [answer, works] = await Promise.all([asked, succeeds(bus.flush(deadline))]);
    return works && bus.status.state === 'connected' ? answer : 'notAsked';
  };
  const overRpc = (address: string): Promise<ProbeAnswer> => {
    // A channel that was refused once waits before it tries again, and would refuse for a node that is back.
    clients.closeChannel(address);
    return answerOf(clients.client(nodeService, address).getStatus({}, deadline));
  };
  return async ({ nodeId, grpcAddress }) => {
    const beganMs = clock.monotonicMs();
    const [overTheBus, rpc] = await Promise.all([overBus(nodeId), overRpc(grpcAddress)]);
    return { beganMs, bus: overTheBus, rpc };
  };
}

/** An error that the node itself sent is an answer too. */
async function answerOf(asked: Promise<unknown>): Promise<ProbeAnswer> {
  try {
    await asked;
    return 'answered';
  } catch (error) {
    const { code } = SkeinError.from(error);
    if (code === 'DEADLINE_EXCEEDED') return 'silent';
    return code === 'UNAVAILABLE' ? 'refused' : 'answered';
  }
}

function succeeds(running: Promise<unknown>): Promise<boolean> {
  return running.then(
    () => true,
    () => false,
  );
}
