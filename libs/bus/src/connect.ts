import type { Clock, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { NatsServers } from './adapters/nats-servers.ts';
import type { BusStatus } from './bus.ts';

export interface BusOptions {
  /**
   * Where NATS is, with its login: what `natsServers` read from the settings, or as `SKEIN_NATS_URL` takes it. `connectBus`
   * rejects for a text that is not.
   */
  readonly url: string | NatsServers;
  /** Shown by the server as the client's name. */
  readonly name: string;
  readonly clock: Clock;
  /** Spreads the attempts to connect. Default: the system's. */
  readonly random?: Random;
  /** Default: says nothing. */
  readonly log?: Logger;
  /** Ends the wait for the server at the start; `connectBus` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told of every change of the status, and that the first attempt failed. */
  readonly onStatus?: (status: BusStatus) => void;
}
