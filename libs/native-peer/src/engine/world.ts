import type { OpenSocket } from '@skein/client/signaling';
import type { Clock, Random } from '@skein/runtime';
import type { PeerMeter } from '../measures/peer-meter.ts';
import type { Clips } from '../media/clip.ts';
import type { Pacer } from '../media/pacer.ts';
import type { OpenLink } from './packet-link.ts';

/** What the peers of one process share. */
export interface PeerWorld {
  readonly clock: Clock;
  /** Milliseconds on the clock that all processes of the machine share. */
  readonly machineMs: () => number;
  readonly random: Random;
  /** A new id that starts with `prefix`, unlike any other in the cluster. */
  readonly newId: (prefix: string) => string;
  readonly clips: Clips;
  readonly pacer: Pacer;
  readonly meter: PeerMeter;
  readonly openSocket: OpenSocket;
  readonly openLink: OpenLink;
  /**
   * Whether peers ask for what is missing, and send again what is asked for, as browsers do. Without, every loss counts
   * and shows.
   */
  readonly repairsLoss: boolean;
}
