import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import type { ClusterStore, StoreOptions } from '../store/cluster-store.ts';
import { hold } from '../scripts/leader-scripts.ts';
import { read, renew } from '../scripts/node-scripts.ts';
import { changesSince } from '../scripts/room-scripts.ts';
import { readStoreAddress } from '../store/store-address.ts';
import type { RedisClient } from '../adapters/redis-client.ts';
import { RedisConnection } from '../adapters/redis-connection.ts';
import { storeOver } from '../adapters/redis-store.ts';

interface StoredNode {
  about: string;
  report: string;
  readonly fence: number;
  changedAt: number;
}

type Reply = string | number | null | readonly Reply[];

/**
 * A Redis in memory that answers what a cluster at rest asks: leases, readings of the registry, who leads, and whether
 * rooms have changed, which they have not. It counts each command as it would go over the wire, so that the store's own
 * code can be measured with hundreds of processes. Its time is that of the clock; leases never run out.
 */
export class RestingRedis {
  /** How often each command was sent, by its name; scripts by what they are. */
  readonly commands = new Map<string, number>();
  /** Bytes of the answers, about. */
  answeredBytes = 0;
  readonly #options: Omit<StoreOptions, 'url'>;
  readonly #nodes = new Map<string, StoredNode>();
  #version = 1;
  #leader: string | undefined;

  constructor(options: Omit<StoreOptions, 'url'>) {
    this.#options = options;
  }

  /** One process' connection. */
  async connect(): Promise<ClusterStore> {
    const options = { ...this.#options, url: 'redis://resting:6379' };
    const redis = new RestingClient((command) => this.#answer(command)) as unknown as Redis;
    const client: RedisClient = { redis, address: readStoreAddress(options.url), left: 0 };
    return storeOver(await RedisConnection.open(options, client), options);
  }

  #answer([name, ...args]: readonly string[]): Reply {
    const script = name === 'EVALSHA' ? SCRIPTS.get(args[0] ?? '') : undefined;
    if (name === 'EVALSHA' && !script) throw new Error(`a cluster at rest runs no script ${args[0]}`);
    const named = script ?? name ?? '';
    this.commands.set(named, (this.commands.get(named) ?? 0) + 1);
    const answer = this.#reply(named, script ? args.slice(2 + Number(args[1])) : args);
    this.answeredBytes += bytesOf(answer);
    return answer;
  }

  #reply(name: string, args: readonly string[]): Reply {
    switch (name) {
      case 'renew':
        return this.#renew(args);
      case 'read':
        return this.#read(args);
      case 'hold':
        this.#leader ??= args[0];
        return this.#leader === args[0] ? ['OK', '1'] : ['HELD'];
      case 'changesSince':
        return ['OK'];
      // Of a room: version and viewership.
      case 'HMGET':
        return ['1', null];
      case 'TIME':
        return [String(Math.floor(this.#nowUs() / 1_000_000)), String(this.#nowUs() % 1_000_000)];
      case 'INFO':
        return 'role:master\r\nmaster_replid:0123456789';
      default:
        throw new Error(`a cluster at rest does not send ${name}`);
    }
  }

  #renew([id = '', given = '', , about = '', report = '']: readonly string[]): Reply {
    const known = this.#nodes.get(id);
    const fence = given === '' ? this.#nowUs() : Number(given);
    const same = known?.about === about && known.fence === fence;
    const text = `${fence} ${this.#nowUs()} ${report}`;
    this.#nodes.set(id, { about, fence, report: text, changedAt: same ? known.changedAt : ++this.#version });
    return ['OK', String(fence)];
  }

  #read([since = '', loads]: readonly string[]): Reply {
    const whole = since === '';
    const nodes = [...this.#nodes].filter(([, { changedAt }]) => whole || changedAt > Number(since));
    const reported = whole || loads === '1' ? [...this.#nodes] : nodes;
    return [
      ...[String(this.#nowUs()), String(this.#version), whole ? 1 : 0],
      nodes.flatMap(([id, { about }]) => [id, about]),
      reported.flatMap(([id, { report }]) => [id, report]),
    ];
  }

  #nowUs(): number {
    return Math.round(this.#options.clock.monotonicMs() * 1000);
  }
}

const SCRIPTS = new Map(
  Object.entries({ renew, read, hold, changesSince }).map(([name, { sha1 }]) => [sha1, name]),
);

function bytesOf(reply: Reply): number {
  if (reply === null || typeof reply === 'number') return 5;
  // Each with its length in front and a line's end after both.
  return typeof reply === 'string'
    ? reply.length + 8
    : reply.reduce((sum: number, one) => sum + bytesOf(one), 5);
}

/** As much of the driver's client as the connection uses. */
class RestingClient extends EventEmitter {
  readonly stream = {};
  status = 'wait';
  readonly #answer: (command: readonly string[]) => Reply;

  constructor(answer: (command: readonly string[]) => Reply) {
    super();
    this.#answer = answer;
  }

  async connect(): Promise<void> {
    this.status = 'ready';
    await Promise.resolve();
    this.emit('ready');
  }

  disconnect(): void {
    this.status = 'end';
  }

  async call(...command: readonly (string | number)[]): Promise<Reply> {
    await Promise.resolve();
    return this.#answer(command.map(String));
  }

  async info(section: string): Promise<Reply> {
    return await this.call('INFO', section);
  }

  async time(): Promise<Reply> {
    return await this.call('TIME');
  }

  pipeline() {
    const answers: (() => Reply | BytesReply)[] = [];
    return {
      call: (...command: readonly (string | number)[]) =>
        void answers.push(() => this.#answer(command.map(String))),
      callBuffer: (...command: readonly (string | number)[]) =>
        void answers.push(() => inBytes(this.#answer(command.map(String)))),
      exec: async (): Promise<readonly (readonly [null, Reply | BytesReply])[]> => {
        await Promise.resolve();
        return answers.map((answer) => [null, answer()]);
      },
    };
  }
}

type BytesReply = Buffer | number | null | readonly BytesReply[];

function inBytes(reply: Reply): BytesReply {
  if (reply === null || typeof reply === 'number') return reply;
  return typeof reply === 'string' ? Buffer.from(reply) : reply.map(inBytes);
}
