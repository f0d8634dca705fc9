import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Emitter, systemClock } from '@skein/runtime';
import type { Layers, TrackSource } from '@skein/protocol';
import { SharedStampOffset } from './machine-clock.ts';
import type { PeerReport } from '../measures/peer-measures.ts';
import { PeerError } from '../engine/errors.ts';
import type { Joined, PeerPlan, TrackPlan } from '../peers/peer.ts';
import type { PeerCommand, PeerCommands, ProcessMessage } from '../processes/messages.ts';
import type { PeerProcess, PeerProcessEvents, PeerProcessOptions } from '../processes/peer-process.ts';

/** The compiled program; this file is at the same depth in `src` and in `dist`. */
const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const stampOffset = new SharedStampOffset();
const START_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 5000;
const KEPT_ERROR_CHARACTERS = 2000;

interface Waiting {
  resolve(response: unknown): void;
  reject(error: PeerError): void;
}

/** Starts a process of peers. Rejects with `PROCESS_DIED` and what it said when it does not start. */
export async function startPeerProcess(options: PeerProcessOptions): Promise<PeerProcess> {
  const child = new PeerChild(options);
  try {
    await child.ready;
  } catch (error) {
    await child.stop();
    throw error;
  }
  return child;
}

class PeerChild implements PeerProcess {
  readonly events = new Emitter<PeerProcessEvents>();
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #stderr = '';
  #stopping = false;
  #dead: PeerError | undefined;
  #settleReady: (error?: PeerError) => void = () => undefined;

  constructor({ seed }: PeerProcessOptions) {
    this.#child = fork(PROGRAM, [String(seed), String(stampOffset.acquire())], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
      execArgv: [],
    });
    this.#child.stderr?.setEncoding('utf8');
    this.#child.stderr?.on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_ERROR_CHARACTERS);
    });
    this.ready = new Promise((resolve, reject) => {
      const deadline = systemClock.after(START_DEADLINE_MS, () =>
        this.#settleReady(
          new PeerError('PROCESS_DIED', `a process of peers did not start within ${START_DEADLINE_MS} ms`),
        ),
      );
      this.#settleReady = (error) => {
        deadline[Symbol.dispose]();
        if (error) reject(error);
        else resolve();
      };
    });
    this.ready.catch(() => undefined);
    this.#child.on('message', (message: ProcessMessage) => this.#handle(message));
    this.#exited = new Promise<void>((resolve) => {
      this.#child.on('error', (error) => (this.#ended(error.message), resolve()));
      this.#child.on(
        'exit',
        (code, signal) => (this.#ended(signal ?? `exit code ${String(code)}`), resolve()),
      );
    }).finally(() => stampOffset.release());
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  join(plan: PeerPlan): Promise<Joined> {
    return this.#ask('join', plan);
  }

  async publish(peerId: string, tracks: readonly TrackPlan[]): Promise<void> {
    await this.#ask('publish', { peerId, tracks });
  }

  async unpublish(peerId: string, sources: readonly TrackSource[]): Promise<void> {
    await this.#ask('unpublish', { peerId, sources });
  }

  async preferLayers(peerId: string, layers: Layers): Promise<void> {
    await this.#ask('preferLayers', { peerId, layers });
  }

  async leave(peerId: string): Promise<void> {
    await this.#ask('leave', { peerId });
  }

  async vanish(peerId: string): Promise<void> {
    await this.#ask('vanish', { peerId });
  }

  async hold(held: boolean): Promise<void> {
    await this.#ask('hold', { held });
  }

  report(): Promise<PeerReport> {
    return this.#ask('report', null);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    using _escalation = systemClock.after(STOP_DEADLINE_MS, () => this.#child.kill('SIGKILL'));
    await this.#exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #ask<Command extends PeerCommand>(
    command: Command,
    request: PeerCommands[Command]['request'],
  ): Promise<PeerCommands[Command]['response']> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {
        resolve: (response) => resolve(response as PeerCommands[Command]['response']),
        reject,
      });
      this.#child.send({ id, command, request });
    });
  }

  #handle(message: ProcessMessage): void {
    switch (message.type) {
      case 'ready':
        return this.#settleReady();
      case 'answer':
        return this.#take(message.id)?.resolve(message.response);
      case 'failure':
        return this.#take(message.id)?.reject(new PeerError(message.code, message.message));
      case 'event':
        return this.events.emit('event', message.event);
      case 'report':
        return this.events.emit('report', message.report);
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #ended(why: string): void {
    if (this.#dead) return;
    const said = this.#stderr.trim();
    const reason = `a process of peers has ended (${why})${said && `: ${said}`}`;
    this.#dead = new PeerError('PROCESS_DIED', reason);
    this.#settleReady(this.#dead);
    for (const waiting of this.#waiting.values()) waiting.reject(this.#dead);
    this.#waiting.clear();
    if (!this.#stopping) this.events.emit('died', { pid: this.pid, reason });
  }
}
