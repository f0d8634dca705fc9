import type { Clock, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { NatsServers } from './nats-servers.ts';
import type { BusStatus } from '../bus.ts';

export interface BusOptions {
  /**
   * The NATS servers and the login: from `natsServers`, or a text in the form of `SKEIN_NATS_URL`. `connectBus` rejects an
   * invalid text.
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
