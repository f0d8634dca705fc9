import { atRest } from './at-rest.ts';
import type { Bench } from './bench.ts';
import { crowd } from './crowd.ts';
import { fanout } from './fanout.ts';
import { firstFrame } from './first-frame.ts';
import { forward } from './forward.ts';
import { idle } from './idle.ts';
import { join } from './join.ts';
import { noisyRoom } from './noisy-room.ts';
import { pipe } from './pipe.ts';
import { placement } from './placement.ts';
import { signaling } from './signaling.ts';
import { simulate } from './simulate.ts';

/** All benches, in the order in which the usage lists them. */
export const benches: readonly Bench[] = [
  forward,
  pipe,
  fanout,
  join,
  crowd,
  firstFrame,
  placement,
  signaling,
  noisyRoom,
  idle,
  simulate,
  atRest,
];
