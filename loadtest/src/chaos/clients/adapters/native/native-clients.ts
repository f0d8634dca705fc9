import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@skein/runtime';
import { eventually } from '@skein/testkit';
import type { ClientApi, ClientOptions } from '../../client-report.ts';
import type { Client } from '../../client.ts';
import type { AnswerMessage, CallMessage } from './messages.ts';

/** The compiled program; this file is at the same depth in `src` and in `dist`. */
const PROGRAM = fileURLToPath(
  new URL('../../../../../dist/chaos/clients/adapters/native/main.js', import.meta.url),
);
const JOIN_DEADLINE_MS = 20_000;
const ANSWER_DEADLINE_MS = 3_000;
const STOP_DEADLINE_MS = 3_000;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

type Answer<Method extends keyof ClientApi> = Awaited<ReturnType<ClientApi[Method]>>;

/** People without browsers, in one process: the SDK on real WebRTC, at a tenth of a browser's cost. */
export class NativeClients implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #problems: string[] = [];
  #lastId = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit').then(([code, signal]) =>
      this.#over(`the process of people without browsers ended: ${String(signal ?? code)}`),
    );
    child.on('message', (message: AnswerMessage) => this.#handle(message));
  }

  static async start(): Promise<NativeClients> {
    const child = fork(PROGRAM, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
    const clients = new NativeClients(child);
    await Promise.race([once(child, 'message'), clients.#exited]);
    if (child.exitCode !== null) throw new Error(clients.#problems.join('; '));
    return clients;
  }

  async join(options: ClientOptions): Promise<Client> {
    const { identity } = options;
    const call = <Method extends keyof ClientApi>(
      method: Method,
      ...args: Parameters<ClientApi[Method]>
    ): Promise<Answer<Method>> => this.#call(identity, method, args);
    // A node that has just started is known to the store some moments before every gateway knows it.
    const join = (nodeId = options.nodeId): Promise<true> =>
      eventually(
        `${identity} to join`,
        async () => (await call('join', { ...options, nodeId }), true as const),
        { deadlineMs: JOIN_DEADLINE_MS, everyMs: 200 },
      );
    await join();
    return {
      identity,
      problems: this.#problems,
      view: () => call('view'),
      gaps: (fromMs, toMs) => call('gaps', fromMs, toMs),
      evidence: (trackId) => call('evidence', trackId),
      expectAbsence: (identities) => call('expectAbsence', identities),
      leave: () => call('leave'),
      rejoin: async (nodeId) => {
        await call('leave');
        await join(nodeId);
      },
      [Symbol.asyncDispose]: () => call('leave'),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    using _escalation = systemClock.after(STOP_DEADLINE_MS, () => this.#child.kill('SIGKILL'));
    await this.#exited;
  }

  #call<Method extends keyof ClientApi>(
    identity: string,
    method: Method,
    args: readonly unknown[],
  ): Promise<Answer<Method>> {
    const id = ++this.#lastId;
    const deadlineMs = method === 'join' ? JOIN_DEADLINE_MS : ANSWER_DEADLINE_MS;
    return new Promise<unknown>((resolve, reject) => {
      if (!this.#child.connected) return reject(new Error(this.#problems.at(-1) ?? 'no process of people'));
      const deadline = systemClock.after(deadlineMs, () => {
        this.#waiting.delete(id);
        reject(new Error(`${identity} did not answer ${method} within ${deadlineMs} ms`));
      });
      const settle = (): void => {
        this.#waiting.delete(id);
        deadline[Symbol.dispose]();
      };
      this.#waiting.set(id, {
        resolve: (value) => (settle(), resolve(value)),
        reject: (error) => (settle(), reject(error)),
      });
      this.#child.send({ id, identity, method, args } satisfies CallMessage);
    }) as Promise<Answer<Method>>;
  }

  #handle(message: AnswerMessage): void {
    switch (message.type) {
      case 'ready':
        return;
      case 'answer':
        return this.#waiting.get(message.id)?.resolve(message.value);
      case 'failure':
        return this.#waiting.get(message.id)?.reject(new Error(message.message));
      case 'problem':
        this.#problems.push(message.message);
    }
  }

  #over(why: string): void {
    this.#problems.push(why);
    for (const waiting of this.#waiting.values()) waiting.reject(new Error(why));
  }
}
