import { seededRandom, type Random } from '@skein/runtime/random';
import { describe, expect, it } from 'vitest';
import { SkeinClientError, type ClientErrorCode } from '../errors/client-error.ts';
import {
  connectionOf,
  initialState,
  stepSession,
  type SessionHandle,
  type SessionCommand,
  type SessionInput,
  type SessionState,
} from './session-state.ts';

const DEADLINE_MS = 60_000;
const handle = (epoch: number): SessionHandle => ({
  sessionId: `ses_${epoch}`,
  epoch,
  nodeId: `n${epoch}`,
  resumeToken: `tok_${epoch}`,
});

/** Applies inputs in order; returns the last state and all commands, as short text. */
function run(...inputs: SessionInput[]): { state: SessionState; commands: string[]; connection: string } {
  let state: SessionState = initialState(handle(1));
  const commands: string[] = [];
  for (const input of inputs) {
    const next = stepSession(state, input, DEADLINE_MS);
    state = next.state;
    commands.push(...next.commands.map(describeCommand));
  }
  return { state, commands, connection: connectionOf(state).state };
}

function describeCommand(command: SessionCommand): string {
  switch (command.type) {
    case 'attempt':
      return `${command.attempt.method} ${command.attempt.socket}`;
    case 'expediteAttempt':
    case 'useSocket':
    case 'closeSocket':
      return `${command.type} ${command.socket}`;
    case 'openLink':
      return `openLink ${command.link}${command.dead ? ' after a dead one' : ''}`;
    case 'drainLink':
    case 'closeLink':
      return `${command.type} ${command.link}`;
    case 'finishMigration':
      return `finishMigration ${command.epoch}`;
    case 'holdRequests':
    case 'leave':
    case 'shutDown':
      return command.type;
  }
}

const lost: SessionInput = { type: 'socketLost', socket: 0, nowMs: 0 };
const attemptFailed = (socket: number, code: ClientErrorCode, nowMs = 0, epoch = 1): SessionInput => ({
  type: 'attemptFailed',
  socket,
  epoch,
  error: new SkeinClientError(code, 'attemptFailed'),
  nowMs,
});

describe('stepSession', () => {
  it('resumes over another socket and keeps media when a socket is lost', () => {
    const { commands, connection } = run(lost, { type: 'resumed', socket: 1, resumeToken: 'new' });
    expect(commands).toEqual(['holdRequests', 'resume 1', 'useSocket 1']);
    expect(connection).toBe('connected');
  });

  it('joins again when the session is over, and opens another link beside the shown one', () => {
    const { commands, connection } = run(lost, attemptFailed(1, 'SESSION_NOT_FOUND'), {
      type: 'joined',
      socket: 2,
      handle: handle(5),
    });
    expect(commands).toEqual([
      'holdRequests',
      'resume 1',
      'join 2',
      'useSocket 2',
      'openLink 1 after a dead one',
    ]);
    expect(connection).toBe('recovering');
  });

  it('resumes again when the session migrated during the attempt', () => {
    const { commands } = run(
      { type: 'handoverRequested', withinMs: 1000 },
      { type: 'migrated', mode: 'switch', handle: handle(2) },
      lost,
      attemptFailed(1, 'STALE_EPOCH', 0, 1),
    );
    expect(commands).toEqual(['resume 1', 'openLink 1', 'holdRequests', 'expediteAttempt 1', 'resume 2']);
  });

  it('retries until the deadline, and stops at once on a fatal error', () => {
    expect(run(lost, attemptFailed(1, 'UNAVAILABLE', DEADLINE_MS - 1)).connection).toBe('reconnecting');
    expect(run(lost, attemptFailed(1, 'UNAVAILABLE', DEADLINE_MS)).state).toMatchObject({
      kind: 'closed',
      reason: 'connection-lost',
    });
    expect(run(lost, attemptFailed(1, 'UNSUPPORTED_PROTOCOL')).connection).toBe('closed');
  });

  it('ends as superseded when another device took the identity, and does not take it back', () => {
    const { commands, state } = run(
      lost,
      attemptFailed(1, 'SESSION_NOT_FOUND'),
      attemptFailed(2, 'SUPERSEDED'),
    );
    expect(commands).toEqual(['holdRequests', 'resume 1', 'join 2', 'shutDown']);
    expect(state).toEqual({ kind: 'closed', reason: 'superseded', error: undefined });
  });

  it('moves to another gateway before it closes the socket to the draining one', () => {
    const { commands, connection } = run(
      { type: 'handoverRequested', withinMs: 1000 },
      { type: 'resumed', socket: 1, resumeToken: 'new' },
    );
    expect(commands).toEqual(['resume 1', 'useSocket 1', 'closeSocket 0']);
    expect(connection).toBe('connected');
  });

  it('makes one attempt at a time when a draining gateway is lost before the handover', () => {
    const { commands, connection } = run({ type: 'handoverRequested', withinMs: 1000 }, lost);
    expect(commands).toEqual(['resume 1', 'holdRequests', 'expediteAttempt 1']);
    expect(connection).toBe('reconnecting');
  });

  it('switches without a visible change, finishes the migration and drains the old link', () => {
    const before = run({ type: 'migrated', mode: 'switch', handle: handle(2) });
    expect([before.connection, before.commands]).toEqual(['connected', ['openLink 1']]);
    const done = run(
      { type: 'migrated', mode: 'switch', handle: handle(2) },
      { type: 'linkTookOver', link: 1 },
      { type: 'linkDrained', link: 0 },
    );
    expect(done.commands).toEqual(['openLink 1', 'finishMigration 2', 'drainLink 0', 'closeLink 0']);
  });

  it('is recovering from a rebuild until the new link has taken over', () => {
    const moved: SessionInput = { type: 'migrated', mode: 'rebuild', handle: handle(2) };
    expect(run(moved).connection).toBe('recovering');
    const done = run(moved, { type: 'linkTookOver', link: 1 });
    expect(done.connection).toBe('connected');
    expect(done.commands).toEqual(['openLink 1 after a dead one', 'closeLink 0']);
  });

  it('follows the newest of two migrations', () => {
    const { commands } = run(
      { type: 'migrated', mode: 'switch', handle: handle(2) },
      { type: 'migrated', mode: 'switch', handle: handle(3) },
      { type: 'linkTookOver', link: 1 },
      { type: 'linkTookOver', link: 2 },
    );
    expect(commands).toEqual(['openLink 1', 'openLink 2', 'finishMigration 3', 'drainLink 0', 'drainLink 1']);
  });

  it('ignores a migration of the same or an older epoch', () => {
    const moved: SessionInput = { type: 'migrated', mode: 'switch', handle: handle(2) };
    expect(run(moved, moved, { type: 'migrated', mode: 'rebuild', handle: handle(1) }).commands).toEqual([
      'openLink 1',
    ]);
  });

  it('joins again when no node took the session over, and closes on every other end', () => {
    expect(run({ type: 'sessionEnded', reason: 'worker-died', nowMs: 0 }).commands).toEqual([
      'holdRequests',
      'closeSocket 0',
      'join 1',
    ]);
    expect(run({ type: 'sessionEnded', reason: 'superseded', nowMs: 0 }).connection).toBe('closed');
  });

  it('closes a socket that opens after the room was left', () => {
    const { commands } = run(lost, { type: 'left' }, { type: 'resumed', socket: 1, resumeToken: 'new' });
    expect(commands).toEqual(['holdRequests', 'resume 1', 'shutDown', 'closeSocket 1']);
  });
});

/** Executes commands; knows only what is open. */
class ModelWorld {
  state: SessionState = initialState(handle(1));
  readonly sockets = new Set([0]);
  readonly attempts = new Map<number, 'resume' | 'join'>();
  readonly links = new Set([0]);
  used = 0;
  epoch = 1;
  nowMs = 0;
  ended = false;
  readonly problems: string[] = [];

  apply(input: SessionInput): void {
    const { state, commands } = stepSession(this.state, input, DEADLINE_MS);
    if (this.state.kind === 'live' && state.kind === 'live' && state.handle.epoch < this.state.handle.epoch)
      this.problems.push('the epoch fell');
    this.state = state;
    for (const command of commands) this.#execute(command);
    this.check();
  }

  finishAttempt(random: Random): void {
    const [socket, method] = pick([...this.attempts], random) ?? [-1, 'resume' as const];
    if (socket < 0) return;
    this.attempts.delete(socket);
    const roll = random();
    const epoch = this.state.kind === 'live' ? this.state.handle.epoch : 0;
    if (roll < 0.3) return this.apply(attemptFailed(socket, 'UNAVAILABLE', this.nowMs, epoch));
    if (roll < 0.4 && method === 'resume')
      return this.apply(attemptFailed(socket, 'SESSION_NOT_FOUND', this.nowMs, epoch));
    this.sockets.add(socket);
    if (method === 'join') this.apply({ type: 'joined', socket, handle: handle(++this.epoch) });
    else this.apply({ type: 'resumed', socket, resumeToken: `tok_${socket}` });
  }

  /** Invariants of every state. */
  check(): void {
    const { state } = this;
    if (state.kind === 'closed') return this.#must(this.ended, 'something is still open');
    const { link, oldLinks, signaling } = state;
    this.#must(same(this.links, [...oldLinks, link]), 'links are open that the state does not have');
    this.#must(!oldLinks.includes(link), 'the current link is an old one');
    this.#must(this.attempts.size <= 1, 'two attempts at once');
    this.#must(
      same(this.sockets, signaling.kind === 'connected' ? [signaling.socket] : []),
      'more or fewer sockets than one are open',
    );
    this.#must(
      signaling.kind === 'disconnected' || this.used === signaling.socket,
      'another socket is in use',
    );
  }

  #must(holds: boolean, problem: string): void {
    if (!holds) this.problems.push(problem);
  }

  #execute(command: SessionCommand): void {
    switch (command.type) {
      case 'attempt':
        return void this.attempts.set(command.attempt.socket, command.attempt.method);
      case 'useSocket':
        return void (this.used = command.socket);
      case 'closeSocket':
        return void this.sockets.delete(command.socket);
      case 'openLink':
        return void this.links.add(command.link);
      case 'closeLink':
        return void this.links.delete(command.link);
      case 'shutDown':
        return this.#end();
      case 'expediteAttempt':
      case 'holdRequests':
      case 'drainLink':
      case 'finishMigration':
      case 'leave':
        return;
    }
  }

  #end(): void {
    this.ended = true;
    this.sockets.clear();
    this.links.clear();
    this.attempts.clear();
  }
}

function same(one: Iterable<number>, other: Iterable<number>): boolean {
  return [...one].toSorted().join() === [...other].toSorted().join();
}

/** Attempts succeed in the end, links take over, old links are drained. */
function settle(world: ModelWorld, random: Random): void {
  for (let step = 0; step < 200 && world.attempts.size > 0; step++) world.finishAttempt(random);
  const { state } = world;
  if (state.kind === 'closed') return;
  world.apply({ type: 'linkTookOver', link: state.link });
  for (const link of [...world.links].filter((one) => one !== state.link))
    world.apply({ type: 'linkDrained', link });
  world.apply({ type: 'interrupted', link: state.link, interrupted: false });
}

function pick<Value>(values: readonly Value[], random: Random): Value | undefined {
  return values[Math.floor(random() * values.length)];
}

function applyRandomInput(world: ModelWorld, random: Random): void {
  world.nowMs += 100 * random();
  const links = [...world.links];
  switch (Math.floor(random() * 8)) {
    case 0: {
      const socket = pick([...world.sockets], random);
      if (socket === undefined) return;
      world.sockets.delete(socket);
      return world.apply({ type: 'socketLost', socket, nowMs: world.nowMs });
    }
    case 1:
      return world.apply({ type: 'handoverRequested', withinMs: 1000 });
    case 2: {
      const mode = random() < 0.5 ? 'switch' : 'rebuild';
      return world.apply({ type: 'migrated', mode, handle: handle(++world.epoch) });
    }
    case 3:
      return world.apply({ type: 'linkTookOver', link: pick(links, random) ?? 0 });
    case 4:
      return world.apply({ type: 'linkDrained', link: pick(links, random) ?? 0 });
    case 5:
      return world.apply({
        type: 'interrupted',
        link: pick(links, random) ?? 0,
        interrupted: random() < 0.5,
      });
    case 6:
      if (random() < 0.1) world.apply({ type: 'sessionEnded', reason: 'node-stopped', nowMs: world.nowMs });
      return;
    default:
      return world.finishAttempt(random);
  }
}

describe('stepSession with random inputs', () => {
  it('has one link and one attempt at a time, and is connected when inputs have settled', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed);
      const world = new ModelWorld();
      for (let step = 0; step < 60; step++) applyRandomInput(world, random);
      settle(world, random);
      const { state } = connectionOf(world.state);
      expect({ seed, state, problems: world.problems, links: world.links.size }).toEqual({
        seed,
        state: 'connected',
        problems: [],
        links: 1,
      });
      world.apply({ type: 'left' });
      expect([world.sockets.size, world.links.size, connectionOf(world.state).state]).toEqual([
        0,
        0,
        'closed',
      ]);
    }
  });
});
