import { connectStore, type ClusterStore } from '@skein/cluster';
import { SkeinError } from '@skein/protocol';
import { controlService, createRpcClients, createRpcServer, nodeService } from '@skein/rpc';
import type { Clock, ConfigOf, RunningService } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { createControlHandlers } from './handlers.ts';
import type { controlSettings } from './settings.ts';

/** How long a node may take to say what it holds; then it counts as silent. */
const NODE_DEADLINE_MS = 1_000;

export interface ControlOptions {
  readonly config: ConfigOf<typeof controlSettings>;
  readonly log: Logger;
  readonly clock: Clock;
}

export interface Control extends RunningService {
  readonly grpcPort: number;
  /** Resolves when the store has been reached; until then every call is answered `UNAVAILABLE`. */
  readonly ready: Promise<void>;
}

/** Starts control. It listens at once and waits for the store as long as it takes. */
export async function startControl({ config, log, clock }: ControlOptions): Promise<Control> {
  const clients = createRpcClients({ clock });
  const server = createRpcServer({ host: config.grpcHost, port: config.grpcPort, clock, log });
  let store: ClusterStore | undefined;
  server.addService(
    controlService,
    createControlHandlers({
      store: () => {
        if (!store) throw SkeinError.unavailable('the room store');
        return store;
      },
      askNode: (address, room) =>
        clients.client(nodeService, address).getRoomMedia({ room }, { deadlineMs: NODE_DEADLINE_MS }),
    }),
  );
  const { port: grpcPort } = await server.listen();
  log.info({ event: 'listening', grpcPort }, 'listening; ready when Redis is reached');
  const stopped = new AbortController();
  const ready = connectStore({
    url: config.redisUrl,
    clock,
    log,
    name: 'skein-control',
    signal: stopped.signal,
  }).then((connected) => {
    store = connected;
    log.info({ event: 'ready', grpcPort }, 'ready');
  });
  ready.catch((error: unknown) => {
    if (!stopped.signal.aborted)
      log.error({ err: error }, 'cannot use the room store; calls stay unavailable');
  });
  return {
    grpcPort,
    ready,
    stop: async (reason) => {
      stopped.abort(new Error(`control stops: ${reason}`));
      await server.close();
      clients.close();
      await store?.close();
    },
  };
}
