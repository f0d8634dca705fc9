import type { Bus } from '@skein/bus';
import { isOver, type NodeDirectory, type NodeStart, orderOfStarts } from '@skein/cluster';
import { type SessionEvent, sessionEvent, type SessionRef, subjects } from '@skein/protocol';
import type { Logger } from '@skein/telemetry';
import { logFields } from './log-fields.ts';

/** Receives session events. */
export interface SessionListener {
  handleSessionEvent(sessionId: string, event: SessionEvent): void;
  /** The session's node is gone, or was restarted without it. */
  handleSessionLost(sessionId: string, reason: NodeLoss): void;
}

export type NodeLoss = 'node-died' | 'node-restarted';

/** The events of one session: its node's, and the loss of that node. */
export interface SessionSubscription {
  /** Which start of its node carries the session, as far as known. */
  readonly nodeStart: NodeStart | undefined;
  /** Gives `listener` the events that arrived so far, in order, and every later one. */
  start(listener: SessionListener): void;
  /** No more events. Safe to repeat. */
  close(): void;
}

/** Events kept until a subscription starts; more are dropped. The client gets them after its session. */
const EARLY_MAX = 256;

export interface SessionEventsDeps {
  readonly bus: Bus;
  readonly directory: Pick<NodeDirectory, 'views' | 'on'>;
  readonly log: Logger;
}

/** Subscribes to the events of sessions. At most two subscriptions for each of this gateway's clients. */
export class SessionEvents {
  readonly #deps: SessionEventsDeps;
  readonly #byNode = new Map<string, Set<Subscription>>();
  readonly #listening: readonly Disposable[];

  constructor(deps: SessionEventsDeps) {
    this.#deps = deps;
    this.#listening = [
      deps.directory.on('dead', ({ nodeId, start }) =>
        this.#handleLoss(nodeId, 'node-died', (one) => isOver(one, start)),
      ),
      deps.directory.on('restarted', ({ nodeId, start }) =>
        this.#handleLoss(nodeId, 'node-restarted', (one) => {
          const order = orderOfStarts(one, start);
          return order !== 'same' && order !== 'later';
        }),
      ),
    ];
  }

  subscribe(ref: SessionRef): SessionSubscription {
    const { bus, directory, log } = this.#deps;
    const { nodeId, sessionId } = ref;
    const start = directory.views().find(({ record }) => record.nodeId === nodeId)?.record;
    const busSubscription = bus.subscribe(subjects.session(sessionId), (data) => {
      const event = sessionEvent.safeParse(data);
      if (event.success)
        subscription.deliver((listener) => listener.handleSessionEvent(sessionId, event.data));
      else log.warn(logFields(ref), 'session event is malformed');
    });
    const ofNode = this.#byNode.get(nodeId) ?? new Set();
    const subscription = new Subscription(sessionId, start, () => {
      busSubscription.close();
      ofNode.delete(subscription);
      if (ofNode.size === 0 && this.#byNode.get(nodeId) === ofNode) this.#byNode.delete(nodeId);
    });
    this.#byNode.set(nodeId, ofNode.add(subscription));
    return subscription;
  }

  close(): void {
    for (const one of this.#listening) one[Symbol.dispose]();
  }

  /** Some starts of a node are over; a session of an unknown start counts as one of theirs. */
  #handleLoss(nodeId: string, reason: NodeLoss, isLost: (start: NodeStart) => boolean): void {
    for (const subscription of [...(this.#byNode.get(nodeId) ?? [])]) {
      if (!subscription.nodeStart || isLost(subscription.nodeStart)) subscription.lose(reason);
    }
  }
}

type Delivery = (listener: SessionListener) => void;

class Subscription implements SessionSubscription {
  readonly nodeStart: NodeStart | undefined;
  readonly #sessionId: string;
  readonly #onClosed: () => void;
  #early: Delivery[] = [];
  #listener: SessionListener | undefined;
  #isClosed = false;

  constructor(sessionId: string, nodeStart: NodeStart | undefined, onClosed: () => void) {
    this.#sessionId = sessionId;
    this.nodeStart = nodeStart;
    this.#onClosed = onClosed;
  }

  deliver(delivery: Delivery): void {
    if (this.#isClosed) return;
    if (this.#listener) delivery(this.#listener);
    else if (this.#early.length < EARLY_MAX) this.#early.push(delivery);
  }

  lose(reason: NodeLoss): void {
    this.deliver((listener) => listener.handleSessionLost(this.#sessionId, reason));
  }

  start(listener: SessionListener): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    for (const delivery of early) this.deliver(delivery);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#early = [];
    this.#onClosed();
  }
}
