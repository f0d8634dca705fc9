import type { Clock, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { BusStatus } from './bus.ts';

export interface BusOptions {
  /** `nats://host:port`, several separated by commas. */
  readonly url: string;
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
