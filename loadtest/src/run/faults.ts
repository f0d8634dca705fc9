import type { LocalCluster } from '@skein/local-cluster';
import type { ClusterProbe } from '@skein/testkit';
import type { Clock } from '@skein/runtime';
import type { Fault } from '../scenario/schema.ts';

export interface FaultDeps {
  readonly cluster: LocalCluster;
  readonly probe: ClusterProbe;
  readonly clock: Clock;
  /** Ends a freeze early, when the run ends. */
  readonly signal: AbortSignal;
}

const DRAIN_DEADLINE_MS = 60_000;

/** Does to a process of the tool's own cluster what the scenario says. */
export async function injectFault({ do: act, target, for: forMs }: Fault, deps: FaultDeps): Promise<void> {
  const { cluster, probe, clock, signal } = deps;
  const process = processNamed(cluster, target);
  if (!process) throw new Error(`there is no process ${target}`);
  switch (act) {
    case 'kill':
      return await process.kill();
    case 'restart':
      await process.kill();
      await process.start();
      return;
    case 'drain':
      return await probe.drainNode(target, DRAIN_DEADLINE_MS);
    case 'freeze':
      await process.freeze();
      await clock.sleep(forMs, signal).catch(() => undefined);
      return process.thaw();
  }
}

function processNamed({ gateways, mediaNodes, control, redis, nats }: LocalCluster, name: string) {
  const all = [...mediaNodes, ...gateways, control, redis, nats].filter((one) => one !== undefined);
  return all.find((one) => one.name === name);
}

/** `kill media-node-1`, `freeze redis for 5 s`. */
export function faultText({ do: act, target, for: forMs }: Fault): string {
  return act === 'freeze' ? `freeze ${target} for ${forMs / 1000} s` : `${act} ${target}`;
}
