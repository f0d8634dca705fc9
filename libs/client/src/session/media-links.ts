import type { IceServer, TransportDirection, TransportOffer } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { SkeinClientError } from '../errors/client-error.ts';
import type { MediaEngine, MediaLink, TransportState } from '../media/engine.ts';
import { IceRecovery } from './ice-recovery.ts';
import { linkSignals } from './link-signals.ts';
import type { Signaling } from '../signaling/signaling.ts';

/** A session's media as a join or a move offers it. */
export interface SessionMedia {
  readonly epoch: number;
  readonly sendTransport: TransportOffer;
  readonly recvTransport: TransportOffer;
  readonly iceServers: readonly IceServer[];
}

export interface MediaLinksPorts {
  readonly engine: MediaEngine;
  readonly clock: Clock;
  readonly signaling: Signaling;
  readonly closing: AbortSignal;
  /** Whether anything is sent: else the send transport never connects. */
  sending(): boolean;
  /** Whether `link` carries all that is published, and all that was received before. */
  carriedBy(link: MediaLink): boolean;
  settled(link: number): void;
  done(link: number): void;
  interrupted(link: number, interrupted: boolean): void;
  failed(error: SkeinClientError): void;
}

interface Entry {
  readonly link: MediaLink;
  readonly ice: IceRecovery;
  sendState: TransportState;
  lingering: Disposable | undefined;
}

const SETTLE_POLL_MS = 50;
/** It is reported again after the next restart, if it is so still. */
const REPORT_DEADLINE_MS = 4000;
/** Then the old link goes all the same. Shorter than the 15 s that a node waits for `finishMove`. */
const SETTLE_DEADLINE_MS = 10_000;
/** A node ends a session that moved within 5 s, as soon as nobody receives its tracks any more. */
const LINGER_MS = 6000;

/** The links that there are, by number: each with its own recovery of ICE. Says when one has taken over, and when one is done. */
export class MediaLinks {
  readonly #ports: MediaLinksPorts;
  readonly #links = new Map<number, Entry>();

  constructor(ports: MediaLinksPorts) {
    this.#ports = ports;
  }

  open(number: number, { epoch, ...offer }: SessionMedia): MediaLink {
    const { engine, clock, signaling, closing } = this.#ports;
    const ice = new IceRecovery(clock, async (direction) => {
      const { iceParameters } = await signaling.request('restartIce', { direction, epoch });
      // What an engine cannot restart has to be made anew, as what does not come back.
      await link.restartIce(direction, iceParameters).catch(() => undefined);
    });
    ice.events.on('lost', () => this.#reportLoss(epoch));
    ice.events.on('changed', ({ interrupted }) => this.#ports.interrupted(number, interrupted));
    const link = engine.openLink(
      offer,
      linkSignals({
        signaling,
        epoch,
        clock,
        closing,
        stateChanged: (direction, state) => this.#handleState(number, direction, state),
        failed: (error) => this.#links.get(number)?.lingering ?? this.#ports.failed(error),
      }),
    );
    this.#links.set(number, { link, ice, sendState: 'new', lingering: undefined });
    return link;
  }

  /** Another link takes over from this one; `dead`: what it sends reaches nobody. */
  leave(number: number, dead: boolean): void {
    const entry = this.#links.get(number);
    entry?.ice[Symbol.dispose]();
    if (dead) entry?.link.stopSending();
  }

  /** Watches until `number` has taken over. */
  async watch(number: number): Promise<void> {
    const { clock } = this.#ports;
    const endMs = clock.monotonicMs() + SETTLE_DEADLINE_MS;
    while (clock.monotonicMs() < endMs && this.#links.has(number) && !this.#hasTakenOver(number))
      await clock.sleep(SETTLE_POLL_MS);
    this.#ports.settled(number);
  }

  /** Goes on sending for those who still receive it, and tells when that is over. */
  linger(number: number): void {
    const entry = this.#links.get(number);
    if (!entry) return this.#ports.done(number);
    entry.lingering ??= this.#ports.clock.after(LINGER_MS, () => this.#ports.done(number));
  }

  close(number: number): MediaLink | undefined {
    const entry = this.#links.get(number);
    if (!entry) return undefined;
    this.#links.delete(number);
    entry.lingering?.[Symbol.dispose]();
    entry.ice[Symbol.dispose]();
    entry.link.close();
    return entry.link;
  }

  closeAll(): void {
    for (const number of this.#links.keys()) this.close(number);
  }

  /** The gateway has the session made anew on another node, and tells so. Else the node finds out by itself, some time later. */
  #reportLoss(epoch: number): void {
    const { signaling } = this.#ports;
    void signaling
      .request('reportMediaLoss', { epoch }, { deadlineMs: REPORT_DEADLINE_MS })
      .catch(() => undefined);
  }

  #hasTakenOver(number: number): boolean {
    const entry = this.#links.get(number);
    if (!entry || !this.#ports.carriedBy(entry.link)) return false;
    return !this.#ports.sending() || entry.sendState === 'connected';
  }

  #handleState(number: number, direction: TransportDirection, state: TransportState): void {
    const entry = this.#links.get(number);
    if (!entry) return;
    if (direction === 'send') entry.sendState = state;
    entry.ice.handleState(direction, state);
    const lost = state === 'disconnected' || state === 'failed' || state === 'closed';
    if (entry.lingering && direction === 'send' && lost) this.#ports.done(number);
  }
}
