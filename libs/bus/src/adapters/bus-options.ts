import type { Clock, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { NatsServers } from './nats-servers.ts';
import type { BusStatus } from '../bus.ts';

export interface BusOptions {
  /**
   * Where NATS is, with its login: what `natsServers` read from the settings, or as `SKEIN_NATS_URL` takes it. `connectBus`
   * rejects for a text that is not.
   */
  readonly url: string | NatsServers;
  /** Shown by the server as the client's name. */
  readonly name: string;
  readonly clock: Clock;
  /** Jitters the attempts to connect. Default: the system's. */
  readonly random?: Random;
  /** Default: silent. */
  readonly log?: Logger;
  /** Aborts the first connection; `connectBus` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called on every change of the status, and when the first attempt fails. */
  readonly onStatus?: (status: BusStatus) => void;
}
