import type { IceServer, TransportDirection, TransportOffer } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { SkeinClientError } from '../errors/client-error.ts';
import type { MediaEngine, MediaLink, TransportState } from '../media/engine.ts';
import { IceRecovery } from './ice-recovery.ts';
import { linkSignals } from './link-signals.ts';
import type { Signaling } from '../signaling/signaling.ts';

/** Media of a session, as the answer to a join or a migration offers it. */
export interface SessionMedia {
  readonly epoch: number;
  readonly sendTransport: TransportOffer;
  readonly recvTransport: TransportOffer;
  readonly iceServers: readonly IceServer[];
}

export interface MediaLinksDeps {
  readonly engine: MediaEngine;
  readonly clock: Clock;
  readonly signaling: Signaling;
  readonly closing: AbortSignal;
  /** Whether anything is published: otherwise the send transport never connects. */
  isPublishing(): boolean;
  /** Whether `link` carries everything that is published, and everything that was received before. */
  isSettledOn(link: MediaLink): boolean;
  /** The link carries all media, or its time for that is over. */
  tookOver(link: number): void;
  /** No node receives from the link any more. */
  drained(link: number): void;
  interrupted(link: number, interrupted: boolean): void;
  failed(error: SkeinClientError): void;
}

interface Entry {
  readonly link: MediaLink;
  readonly ice: IceRecovery;
  sendState: TransportState;
  draining: Disposable | undefined;
}

const TAKEOVER_POLL_MS = 50;
/** The next restart of ICE reports a loss that persists again. */
const REPORT_DEADLINE_MS = 4000;
/** After it the old link is given up anyway. Shorter than the 15 s for which a node waits for `finishMove`. */
const TAKEOVER_DEADLINE_MS = 10_000;
/** A node closes a migrated session when nobody receives its tracks any more, within 5 s. */
const DRAIN_DEADLINE_MS = 6000;

/** The media links by number, each with its own ICE recovery. Reports when one has taken over and when one is drained. */
export class MediaLinks {
  readonly #deps: MediaLinksDeps;
  readonly #links = new Map<number, Entry>();

  constructor(deps: MediaLinksDeps) {
    this.#deps = deps;
  }

  open(number: number, { epoch, ...offer }: SessionMedia): MediaLink {
    const { engine, clock, signaling, closing } = this.#deps;
    const ice = new IceRecovery(clock, async (direction) => {
      const { iceParameters } = await signaling.request('restartIce', { direction, epoch });
      // An engine that cannot restart ICE ends like a path that does not recover: the node rebuilds the session.
      await link.restartIce(direction, iceParameters).catch(() => undefined);
    });
    ice.events.on('lost', () => this.#reportLoss(epoch));
    ice.events.on('changed', ({ interrupted }) => this.#deps.interrupted(number, interrupted));
    const link = engine.openLink(
      offer,
      linkSignals({
        signaling,
        epoch,
        clock,
        closing,
        stateChanged: (direction, state) => this.#handleState(number, direction, state),
        failed: (error) => this.#links.get(number)?.draining ?? this.#deps.failed(error),
      }),
    );
    this.#links.set(number, { link, ice, sendState: 'new', draining: undefined });
    return link;
  }

  /** Another link takes over from this one. `dead`: nobody receives from it any more. */
  supersede(number: number, dead: boolean): void {
    const entry = this.#links.get(number);
    entry?.ice[Symbol.dispose]();
    if (dead) entry?.link.stopSending();
  }

  /** Polls until `number` has taken over, then reports it. */
  async awaitTakeover(number: number): Promise<void> {
    const { clock } = this.#deps;
    const endMs = clock.monotonicMs() + TAKEOVER_DEADLINE_MS;
    while (clock.monotonicMs() < endMs && this.#links.has(number) && !this.#hasTakenOver(number))
      await clock.sleep(TAKEOVER_POLL_MS);
    this.#deps.tookOver(number);
  }

  /** Keeps sending to receivers that have not switched yet; reports when they have. */
  drain(number: number): void {
    const entry = this.#links.get(number);
    if (!entry) return this.#deps.drained(number);
    entry.draining ??= this.#deps.clock.after(DRAIN_DEADLINE_MS, () => this.#deps.drained(number));
  }

  close(number: number): MediaLink | undefined {
    const entry = this.#links.get(number);
    if (!entry) return undefined;
    this.#links.delete(number);
    entry.draining?.[Symbol.dispose]();
    entry.ice[Symbol.dispose]();
    entry.link.close();
    return entry.link;
  }

  closeAll(): void {
    for (const number of this.#links.keys()) this.close(number);
  }

  /** Asks the gateway to rebuild the session on another node. If the report fails, the node detects the loss some time later. */
  #reportLoss(epoch: number): void {
    const { signaling } = this.#deps;
    void signaling
      .request('reportMediaLoss', { epoch }, { deadlineMs: REPORT_DEADLINE_MS })
      .catch(() => undefined);
  }

  #hasTakenOver(number: number): boolean {
    const entry = this.#links.get(number);
    if (!entry || !this.#deps.isSettledOn(entry.link)) return false;
    return !this.#deps.isPublishing() || entry.sendState === 'connected';
  }

  #handleState(number: number, direction: TransportDirection, state: TransportState): void {
    const entry = this.#links.get(number);
    if (!entry) return;
    if (direction === 'send') entry.sendState = state;
    entry.ice.handleState(direction, state);
    const lost = state === 'disconnected' || state === 'failed' || state === 'closed';
    if (entry.draining && direction === 'send' && lost) this.#deps.drained(number);
  }
}
