import { startCluster, type GatewayProcess } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { SignalingClient } from './signaling-client.ts';
import { StandInNodes } from './stand-in-nodes.ts';

/** One real gateway with real stores, among stand-ins of media nodes. */
export interface LoneGateway extends AsyncDisposable {
  readonly process: GatewayProcess;
  readonly port: number;
}

export interface LoneGatewayOptions {
  readonly nodes: number;
  readonly signal: AbortSignal;
  /** Added to the gateway's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

const READY_DEADLINE_MS = 10_000;
const RETRY_MS = 100;

/** Starts it, and waits until it has seen the nodes. */
export async function startLoneGateway({ nodes, signal, env }: LoneGatewayOptions): Promise<LoneGateway> {
  const cluster = await startCluster({ gateways: 1, mediaNodes: 0, controls: 0, ...(env && { env }) });
  let standIns: StandInNodes | undefined;
  const stop = async (): Promise<void> => {
    await standIns?.[Symbol.asyncDispose]();
    await cluster.stop();
  };
  try {
    const [gateway] = cluster.gateways;
    if (!gateway) throw new Error('there is no gateway');
    standIns = await StandInNodes.start({
      natsUrl: cluster.natsUrl,
      redisUrl: cluster.redisUrl,
      nodes,
      signal,
    });
    await untilItPlaces(gateway.httpPort, signal);
    return { process: gateway, port: gateway.httpPort, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilItPlaces(port: number, signal: AbortSignal): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + READY_DEADLINE_MS;
  for (;;) {
    const client = await SignalingClient.open(port);
    try {
      await client.join('first', 'first');
      await client.request('leave', {});
      return;
    } catch (error) {
      if (systemClock.monotonicMs() > deadlineMs) throw error;
      await systemClock.sleep(RETRY_MS, signal);
    } finally {
      client.close();
    }
  }
}
