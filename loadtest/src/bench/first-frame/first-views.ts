import type { Clock } from '@skein/runtime';
import type { Joined, PeerProcess } from '@skein/native-peer';

/** A newcomer's progress, in ms since just before its socket was opened. */
export interface FirstView {
  readonly answeredMs: number;
  /** ICE and DTLS of what it receives on are up. */
  readonly connectedMs: number;
  readonly packetMs: number;
  /** The first whole key frame of a video. */
  readonly frameMs: number;
}

type Step = keyof Omit<FirstView, 'answeredMs'>;

interface Waiting {
  readonly steps: Map<Step, number>;
  complete(): void;
}

const STEPS = { connected: 'connectedMs', firstPacket: 'packetMs', firstKeyFrame: 'frameMs' } as const;

/** Follows the peers of one process to their first picture. */
export class FirstViews {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  readonly #listening: Disposable;

  constructor(process: Pick<PeerProcess, 'events'>, clock: Clock) {
    this.#clock = clock;
    this.#listening = process.events.on('event', (event) => {
      const waiting = this.#waiting.get(event.peerId);
      if (!waiting || (event.type === 'connected' && event.direction !== 'recv')) return;
      if (event.type !== 'connected' && event.type !== 'firstPacket' && event.type !== 'firstKeyFrame')
        return;
      waiting.steps.set(STEPS[event.type], event.afterMs);
      if (waiting.steps.size === Object.keys(STEPS).length) waiting.complete();
    });
  }

  /** Rejects when `join` does, or with what is missing when the picture is not there within `deadlineMs`. */
  async follow(peerId: string, deadlineMs: number, join: () => Promise<Joined>): Promise<FirstView> {
    const steps: Waiting['steps'] = new Map();
    const settled = new Promise<void>((resolve) => this.#waiting.set(peerId, { steps, complete: resolve }));
    using _deadline = this.#clock.after(deadlineMs, () => this.#waiting.get(peerId)?.complete());
    try {
      const { joinMs } = await join();
      await settled;
      const [connectedMs, packetMs, frameMs] = Object.values(STEPS).map((step) => steps.get(step));
      if (connectedMs === undefined || packetMs === undefined || frameMs === undefined)
        throw new Error(`${peerId} had no picture within ${deadlineMs} ms: ${[...steps.keys()].join(', ')}`);
      return { answeredMs: joinMs, connectedMs, packetMs, frameMs };
    } finally {
      this.#waiting.delete(peerId);
    }
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}
