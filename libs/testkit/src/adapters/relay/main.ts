import { seededRandom, systemClock } from '@skein/runtime';
import { ImpairedLine } from '../../network/impaired-line.ts';
import type { RelayAnswer, RelayOrder, RelayPlan } from './messages.ts';
import { Tap } from './tap.ts';

// The process of one impaired link: forwards frames between two TAP devices, late and not all. Started by `RelayedLink`,
// takes orders over its IPC channel, ends with it, and takes its devices along.

/** One direction, with the timer for what is due next. */
class Direction {
  readonly #line: ImpairedLine<Buffer>;
  readonly #forward: (frame: Buffer) => void;
  #timer: Disposable | undefined;

  constructor(line: ImpairedLine<Buffer>, forward: (frame: Buffer) => void) {
    this.#line = line;
    this.#forward = forward;
  }

  take(frame: Buffer): void {
    this.#line.offer(frame, systemClock.monotonicMs());
    if (!this.#timer) this.#forwardDue();
  }

  change(order: RelayOrder): void {
    this.#line.change(order);
    this.#forwardDue();
  }

  readonly #forwardDue = (): void => {
    this.#timer?.[Symbol.dispose]();
    const nowMs = systemClock.monotonicMs();
    for (const frame of this.#line.takeDue(nowMs)) this.#forward(frame);
    const { nextDueMs } = this.#line;
    this.#timer =
      nextDueMs === undefined ? undefined : systemClock.after(nextDueMs - nowMs, this.#forwardDue);
  };
}

function fail(why: string): never {
  process.stderr.write(`relay: ${why}\n`);
  process.exit(1);
}

const { taps, impairment, seed } = JSON.parse(process.argv[2] ?? '') as RelayPlan;
const answer = (text: RelayAnswer): unknown => process.connected && process.send?.(text);

const ends: Tap[] = [];
const directions = taps.map((_, from) => {
  const line = new ImpairedLine<Buffer>(impairment, seededRandom(seed + from));
  return new Direction(line, (frame) => ends[1 - from]?.send(frame));
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; when this ends is for the parent to say.
process.on('SIGINT', () => undefined);
process.on('message', (order: RelayOrder) => {
  for (const direction of directions) direction.change(order);
  answer('ready');
});

for (const [at, name] of taps.entries()) {
  ends[at] = await Tap.open(name, { onFrame: (frame) => directions[at]?.take(frame), onEnd: fail });
}
answer('ready');
