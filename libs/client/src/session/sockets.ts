import type { ClientResponse } from '@skein/protocol';
import { SkeinClientError } from '../errors/client-error.ts';
import type { SignalingConnection } from '../signaling/connection.ts';
import type { EarlyEvents } from '../signaling/early-events.ts';
import type { Entered, Resumed, Resumption } from '../signaling/handshake.ts';
import type { GatewayEvent } from '../signaling/frames.ts';
import { Heartbeat } from '../signaling/heartbeat.ts';
import { entryDeadlines, RoundTrip } from '../signaling/link-times.ts';
import { entryDelayMs, isElsewhereBetter } from './handshake-delay.ts';
import { GatewayAddresses } from './gateway-addresses.ts';
import type { SessionOptions } from './session-options.ts';
import type { Attempt, SessionCommand } from './session-state.ts';

export interface SocketsPorts {
  resumption(): Resumption;
  /** From the socket in use. */
  event(event: GatewayEvent): void;
  lost(socket: number): void;
  refused(socket: number, epoch: number, error: SkeinClientError): void;
  resumed(socket: number, answer: Resumed): void;
  joined(socket: number, answer: ClientResponse<'join'>): void;
}

interface Socket {
  readonly connection: SignalingConnection;
  readonly early: EarlyEvents;
  /** Measured anew over each socket: the network may be another one. */
  readonly roundTrip: RoundTrip;
}

/** Closes towards a gateway that does not answer: 1000 would end the session, should it hear of it. */
const UNANSWERED = 4002;

/** The sockets that there are, by number: one in use, and attempts at another. */
export class Sockets {
  readonly #options: SessionOptions;
  readonly #ports: SocketsPorts;
  readonly #addresses: GatewayAddresses;
  readonly #closing = new AbortController();
  readonly #entries = new Map<number, Socket>();
  /** Ends the waiting before an attempt. */
  readonly #waits = new Map<number, AbortController>();
  /** To the gateway that was entered last. */
  #roundTrip: RoundTrip;
  #used: { readonly socket: number; readonly heartbeat: Heartbeat } | undefined;

  constructor(options: SessionOptions, ports: SocketsPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#addresses = new GatewayAddresses(options.urls, options.url, options.environment.random);
    this.#roundTrip = this.#add(0, options.url, options.entered).roundTrip;
  }

  get gateways(): readonly string[] {
    const { all, current } = this.#addresses;
    return [current, ...all.filter((url) => url !== current)];
  }

  get roundTripMs(): number | undefined {
    return this.#used && this.#roundTrip.lastMs;
  }

  enter(command: Extract<SessionCommand, { type: 'enter' }>): void {
    void this.#enter(command);
  }

  hurry(socket: number): void {
    this.#waits.get(socket)?.abort();
  }

  /** Listens to `socket` from now on, and to no other. Early events wait for `ifUsed`. */
  use(socket: number): SignalingConnection {
    const entry = this.#entries.get(socket);
    if (!entry) throw SkeinClientError.connectionLost('this socket is not there any more');
    const { connection, roundTrip } = entry;
    this.#roundTrip = roundTrip;
    this.#used?.heartbeat[Symbol.dispose]();
    const { environment, pingIntervalMs } = this.#options;
    const heartbeat = new Heartbeat(
      environment.clock,
      connection,
      { intervalMs: pingIntervalMs, roundTrip },
      () => connection.close(UNANSWERED, 'unanswered'),
    );
    this.#used = { socket, heartbeat };
    connection.events.on('closed', () => this.#handleClosed(socket));
    return connection;
  }

  /** When `socket` is in use: calls `tell`, then hands over what came before, and what comes from now on. */
  ifUsed(socket: number, tell: () => void): void {
    const entry = this.#entries.get(socket);
    if (!entry || this.#used?.socket !== socket) return;
    tell();
    entry.early.replayTo((event) => this.#handleEvent(socket, event));
    entry.connection.events.on('event', (event) => this.#handleEvent(socket, event));
    // It may have closed before anyone listened.
    if (entry.connection.closed) this.#handleClosed(socket);
  }

  close(socket: number): void {
    const entry = this.#entries.get(socket);
    this.#entries.delete(socket);
    this.#waits.get(socket)?.abort();
    entry?.early[Symbol.dispose]();
    entry?.connection.close();
  }

  closeAll(): void {
    this.#closing.abort(SkeinClientError.roomClosed());
    for (const wait of this.#waits.values()) wait.abort();
    this.#used?.heartbeat[Symbol.dispose]();
    for (const socket of this.#entries.keys()) this.close(socket);
  }

  async #enter({ attempt, error, withinMs }: Extract<SessionCommand, { type: 'enter' }>): Promise<void> {
    const { random } = this.#options.environment;
    await this.#wait(
      attempt.socket,
      withinMs === undefined ? this.#delayMs(attempt, error) : withinMs * random(),
    );
    if (this.#closing.signal.aborted) return;
    const url = this.#addresses.next();
    const resumption = this.#ports.resumption();
    try {
      await this.#try(attempt, url, resumption);
    } catch (thrown) {
      this.#ports.refused(attempt.socket, resumption.epoch, SkeinClientError.from(thrown));
    }
  }

  /** Each gateway is tried once before the time that one asked for is waited. */
  #delayMs({ failures }: Attempt, error: SkeinClientError | undefined): number {
    const { length } = this.#addresses.all;
    const isNextBetter = error !== undefined && failures < length && isElsewhereBetter(error.code);
    const retryAfterMs = isNextBetter ? undefined : error?.retryAfterMs;
    return entryDelayMs(failures, length, retryAfterMs, this.#options.environment.random);
  }

  async #try({ how, socket, failures }: Attempt, url: string, resumption: Resumption): Promise<void> {
    const { entry } = this.#options;
    const { signal } = this.#closing;
    const rounds = Math.floor(failures / this.#addresses.all.length);
    const deadlines = entryDeadlines(this.#roundTrip.usualMs, rounds);
    if (how === 'resume') {
      const entered = await entry.resume(url, resumption, deadlines, signal);
      this.#add(socket, url, entered);
      this.#ports.resumed(socket, entered.answer);
    } else {
      // The node that was wished for at first may be the one that died.
      const { identity, epoch: lastEpoch } = resumption;
      const change = { identity, nodeId: undefined, lastEpoch };
      const entered = await entry.join(url, change, deadlines, signal);
      this.#add(socket, url, entered);
      this.#ports.joined(socket, entered.answer);
    }
  }

  #add(socket: number, url: string, { connection, early, welcomeMs, gateways }: Entered<unknown>): Socket {
    this.#addresses.learn(url, gateways);
    const entry = { connection, early, roundTrip: new RoundTrip(welcomeMs) };
    this.#entries.set(socket, entry);
    return entry;
  }

  async #wait(socket: number, ms: number): Promise<void> {
    const hurried = new AbortController();
    this.#waits.set(socket, hurried);
    await this.#options.environment.clock.sleep(ms, hurried.signal).catch(() => undefined);
    this.#waits.delete(socket);
  }

  #handleEvent(socket: number, event: GatewayEvent): void {
    if (this.#used?.socket === socket) this.#ports.event(event);
  }

  #handleClosed(socket: number): void {
    this.#entries.delete(socket);
    if (this.#used?.socket !== socket) return;
    this.#used.heartbeat[Symbol.dispose]();
    this.#ports.lost(socket);
  }
}
