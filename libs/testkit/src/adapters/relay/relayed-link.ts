import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '@skein/runtime';
import { eventually } from '../../eventually.ts';
import type { Impairment } from '../../network/impaired-line.ts';
import type { RelayOrder, RelayPlan } from './messages.ts';

/** The compiled program; this file is at the same depth in `src` and in `dist`. */
const PROGRAM = fileURLToPath(new URL('../../../dist/adapters/relay/main.js', import.meta.url));
const ANSWER_DEADLINE_MS = 10_000;
const ENDED = 'the relay of a link ended; its last words are on standard error';

const run = promisify(execFile);

/** What lies between a host and the bridge, by the names of the interfaces. */
export interface LinkPlace {
  readonly bridge: string;
  /** The host's end on this side; a port of the bridge while nothing is between them. */
  readonly veth: string;
  /** For what is put between them: an inner bridge with the host's end and a TAP device, and a TAP device on the bridge. */
  readonly inner: string;
  readonly taps: readonly [string, string];
}

/**
 * A host's link with a relay in user space in its middle, for delay and loss, which this kernel's `tc` may lack (no
 * `netem`). Put in and taken out under running connections: the host's own interface and its addresses stay.
 */
export class RelayedLink {
  readonly #place: LinkPlace;
  readonly #relay: ChildProcess;

  private constructor(place: LinkPlace, relay: ChildProcess) {
    this.#place = place;
    this.#relay = relay;
  }

  static async open(place: LinkPlace, impairment: Impairment, seed: number): Promise<RelayedLink> {
    const plan: RelayPlan = { taps: place.taps, impairment, seed };
    const relay = fork(PROGRAM, [JSON.stringify(plan)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    const link = new RelayedLink(place, relay);
    try {
      await link.#ready();
      await link.#putIn();
    } catch (error) {
      await link.#takeOut();
      throw error;
    }
    return link;
  }

  /** Impairs it in another way. What is on its way arrives at once. */
  async change(impairment: Impairment): Promise<void> {
    if (!this.#runs) throw new Error(ENDED);
    const ready = this.#ready();
    this.#relay.send(impairment satisfies RelayOrder);
    await ready;
  }

  /** Takes the relay out again. What is on its way arrives. Fails when the relay had ended before, which cut the link. */
  async close(): Promise<void> {
    try {
      await this.change({});
    } finally {
      await this.#takeOut();
    }
  }

  /** For the end of this process; the inner bridge is left over. */
  kill(): void {
    this.#relay.kill('SIGKILL');
  }

  get #runs(): boolean {
    return this.#relay.exitCode === null && this.#relay.signalCode === null;
  }

  async #putIn(): Promise<void> {
    const { bridge, veth, inner, taps } = this.#place;
    await run('ip', ['link', 'add', inner, 'type', 'bridge']);
    // It would answer for addresses of this machine, past the relay.
    await run('ip', ['link', 'set', inner, 'arp', 'off', 'addrgenmode', 'none', 'up']);
    await run('ip', ['link', 'set', taps[0], 'master', inner]);
    await run('ip', ['link', 'set', taps[1], 'master', bridge]);
    await run('ip', ['link', 'set', veth, 'master', inner]);
  }

  async #takeOut(): Promise<void> {
    const { bridge, veth, inner, taps } = this.#place;
    await run('ip', ['link', 'set', veth, 'master', bridge]);
    // It may never have been made.
    await run('ip', ['link', 'delete', inner]).catch(() => undefined);
    this.kill();
    // The next relay's have the same names.
    await eventually('the TAP devices to go', () => !taps.some((tap) => existsSync(`/sys/class/net/${tap}`)));
  }

  async #ready(): Promise<void> {
    const ending = new AbortController();
    const { signal } = ending;
    using _deadline = systemClock.after(ANSWER_DEADLINE_MS, () => ending.abort());
    const ended = once(this.#relay, 'exit', { signal }).then(() => Promise.reject(new Error(ENDED)));
    try {
      await Promise.race([once(this.#relay, 'message', { signal }), ended]);
    } catch (error) {
      throw signal.aborted
        ? new Error(`the relay did not answer within ${ANSWER_DEADLINE_MS} ms`, { cause: error })
        : error;
    } finally {
      ending.abort();
    }
  }
}
