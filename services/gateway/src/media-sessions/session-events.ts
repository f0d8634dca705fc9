import type { Bus } from '@skein/bus';
import { sessionEvent, subjects } from '@skein/protocol';
import type { SessionEvent, SessionRef } from '@skein/protocol';
import { isOver, orderOfStarts, type NodeDirectory, type NodeStart } from '@skein/cluster';
import type { Logger } from '@skein/telemetry';
import { logged } from './session.ts';

/** Whoever is told what becomes of a session. */
export interface SessionListener {
  handleSessionEvent(sessionId: string, event: SessionEvent): void;
  /** The session's node is gone, or was started anew without it. */
  handleSessionLost(sessionId: string, reason: NodeLoss): void;
}

export type NodeLoss = 'node-died' | 'node-restarted';

/** What is heard of one session: its node's events, and the loss of that node. */
export interface SessionLine {
  /** Which start of its node carries the session, as far as known. */
  readonly nodeStart: NodeStart | undefined;
  /** Gives `listener` what has come so far, in order, and everything from now on. */
  start(listener: SessionListener): void;
  /** Nothing more is told. Safe to repeat. */
  close(): void;
}

/** What may come before a line is started; more is dropped. It is given to the client after the session itself. */
const EARLY_MAX = 256;

export interface SessionLinesDeps {
  readonly bus: Bus;
  readonly directory: Pick<NodeDirectory, 'views' | 'on'>;
  readonly log: Logger;
}

/** The lines of all sessions of this gateway's clients. Their number has the bound of the sockets. */
export class SessionLines {
  readonly #deps: SessionLinesDeps;
  readonly #byNode = new Map<string, Set<Line>>();
  readonly #listening: readonly Disposable[];

  constructor(deps: SessionLinesDeps) {
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

  open(address: SessionRef): SessionLine {
    const { bus, directory, log } = this.#deps;
    const { nodeId, sessionId } = address;
    const start = directory.views().find(({ record }) => record.nodeId === nodeId)?.record;
    const subscription = bus.subscribe(subjects.session(sessionId), (data) => {
      const event = sessionEvent.safeParse(data);
      if (event.success) line.hear((listener) => listener.handleSessionEvent(sessionId, event.data));
      else log.warn(logged(address), 'an event of a session has a wrong form');
    });
    const lines = this.#byNode.get(nodeId) ?? new Set();
    const line = new Line(sessionId, start, () => {
      subscription.close();
      lines.delete(line);
      if (lines.size === 0 && this.#byNode.get(nodeId) === lines) this.#byNode.delete(nodeId);
    });
    this.#byNode.set(nodeId, lines.add(line));
    return line;
  }

  close(): void {
    for (const one of this.#listening) one[Symbol.dispose]();
  }

  /** Some starts of a node are over; a session of an unknown start is taken for one of theirs. */
  #handleLoss(nodeId: string, reason: NodeLoss, isLost: (start: NodeStart) => boolean): void {
    for (const line of [...(this.#byNode.get(nodeId) ?? [])]) {
      if (!line.nodeStart || isLost(line.nodeStart)) line.lose(reason);
    }
  }
}

type Told = (listener: SessionListener) => void;

class Line implements SessionLine {
  readonly nodeStart: NodeStart | undefined;
  readonly #sessionId: string;
  readonly #onClosed: () => void;
  #early: Told[] = [];
  #listener: SessionListener | undefined;
  #closed = false;

  constructor(sessionId: string, nodeStart: NodeStart | undefined, onClosed: () => void) {
    this.#sessionId = sessionId;
    this.nodeStart = nodeStart;
    this.#onClosed = onClosed;
  }

  hear(told: Told): void {
    if (this.#closed) return;
    if (this.#listener) told(this.#listener);
    else if (this.#early.length < EARLY_MAX) this.#early.push(told);
  }

  lose(reason: NodeLoss): void {
    this.hear((listener) => listener.handleSessionLost(this.#sessionId, reason));
  }

  start(listener: SessionListener): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    for (const told of early) this.hear(told);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#early = [];
    this.#onClosed();
  }
}
