import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { Admission } from '../participants/admission.ts';
import type { Clients } from '../participants/clients.ts';
import type { Entrance } from '../participants/entrance.ts';

/**
 * What every edge stands on. An edge is a folder here, for one wire. It asks `admission` before it accepts a connection, adds
 * a `ClientPort` of its own for each client to `clients`, and removes it when the connection ends. It lets its clients join
 * and resume through `entrance`, and calls the participants that it gets. Its events reach the port as objects, and the
 * edge encodes them; those of a room once for all of its clients (`RoomChannel`). `edge-contract.test.ts` holds every edge
 * to the same behaviour.
 */
export interface EdgeDeps {
  readonly admission: Admission;
  /** Fails `UNAVAILABLE` until the gateway has connected to its stores. */
  readonly entrance: Entrance;
  readonly clients: Clients;
  readonly clock: Clock;
  readonly log: Logger;
}
