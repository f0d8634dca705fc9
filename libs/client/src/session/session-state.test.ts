import { seededRandom, type Random } from '@skein/runtime/random';
import { describe, expect, it } from 'vitest';
import { SkeinClientError, type ClientErrorCode } from '../errors/client-error.ts';
import {
  connectionOf,
  startOf,
  transition,
  type Held,
  type SessionCommand,
  type SessionInput,
  type SessionState,
} from './session-state.ts';

const DEADLINE_MS = 60_000;
const held = (epoch: number): Held => ({
  sessionId: `ses_${epoch}`,
  epoch,
  nodeId: `n${epoch}`,
  resumeToken: `tok_${epoch}`,
});

/** Applies inputs in turn; answers with the last state and all commands, as short text. */
function after(...inputs: SessionInput[]): { state: SessionState; commands: string[]; shown: string } {
  let state: SessionState = startOf(held(1));
  const commands: string[] = [];
  for (const input of inputs) {
    const next = transition(state, input, DEADLINE_MS);
    state = next.state;
    commands.push(...next.commands.map(describeCommand));
  }
  return { state, commands, shown: connectionOf(state).state };
}

function describeCommand(command: SessionCommand): string {
  switch (command.type) {
    case 'enter':
      return `${command.attempt.how} ${command.attempt.socket}`;
    case 'hurry':
    case 'useSocket':
    case 'closeSocket':
      return `${command.type} ${command.socket}`;
    case 'openLink':
      return `openLink ${command.link}${command.dead ? ' for a dead one' : ''}`;
    case 'lingerLink':
    case 'closeLink':
      return `${command.type} ${command.link}`;
    case 'finishMove':
      return `finishMove ${command.epoch}`;
    case 'holdRequests':
    case 'leave':
    case 'end':
      return command.type;
  }
}

const lost: SessionInput = { type: 'socketLost', socket: 0, nowMs: 0 };
const refused = (socket: number, code: ClientErrorCode, nowMs = 0, epoch = 1): SessionInput => ({
  type: 'refused',
  socket,
  epoch,
  error: new SkeinClientError(code, 'refused'),
  nowMs,
});

describe('the state of a session', () => {
  it('resumes over another socket when one was lost, and touches no media', () => {
    const { commands, shown } = after(lost, { type: 'resumed', socket: 1, resumeToken: 'new' });
    expect(commands).toEqual(['holdRequests', 'resume 1', 'useSocket 1']);
    expect(shown).toBe('connected');
  });

  it('joins anew when the session is over, and builds media anew beside what is shown', () => {
    const { commands, shown } = after(lost, refused(1, 'SESSION_NOT_FOUND'), {
      type: 'joined',
      socket: 2,
      held: held(5),
    });
    expect(commands).toEqual([
      'holdRequests',
      'resume 1',
      'join 2',
      'useSocket 2',
      'openLink 1 for a dead one',
    ]);
    expect(shown).toBe('recovering');
  });

  it('resumes again when the session moved while it was asked for', () => {
    const { commands } = after(
      { type: 'moveOver', withinMs: 1000 },
      { type: 'moved', mode: 'switch', held: held(2) },
      lost,
      refused(1, 'STALE_EPOCH', 0, 1),
    );
    expect(commands).toEqual(['resume 1', 'openLink 1', 'holdRequests', 'hurry 1', 'resume 2']);
  });

  it('goes on trying until the deadline, and gives up at once when it is refused for good', () => {
    expect(after(lost, refused(1, 'UNAVAILABLE', DEADLINE_MS - 1)).shown).toBe('reconnecting');
    expect(after(lost, refused(1, 'UNAVAILABLE', DEADLINE_MS)).state).toMatchObject({
      kind: 'closed',
      reason: 'connection-lost',
    });
    expect(after(lost, refused(1, 'UNSUPPORTED_PROTOCOL')).shown).toBe('closed');
  });

  it('ends as superseded when another device has taken the identity, and does not take it back', () => {
    const { commands, state } = after(lost, refused(1, 'SESSION_NOT_FOUND'), refused(2, 'SUPERSEDED'));
    expect(commands).toEqual(['holdRequests', 'resume 1', 'join 2', 'end']);
    expect(state).toEqual({ kind: 'closed', reason: 'superseded', error: undefined });
  });

  it('moves over to another gateway before it lets go of the one that is going away', () => {
    const { commands, shown } = after(
      { type: 'moveOver', withinMs: 1000 },
      { type: 'resumed', socket: 1, resumeToken: 'new' },
    );
    expect(commands).toEqual(['resume 1', 'useSocket 1', 'closeSocket 0']);
    expect(shown).toBe('connected');
  });

  it('makes one attempt at a time when the gateway is gone before its clients have moved over', () => {
    const { commands, shown } = after({ type: 'moveOver', withinMs: 1000 }, lost);
    expect(commands).toEqual(['resume 1', 'holdRequests', 'hurry 1']);
    expect(shown).toBe('reconnecting');
  });

  it('takes up a switch unseen, tells the old node when it is done, and lets its link linger', () => {
    const before = after({ type: 'moved', mode: 'switch', held: held(2) });
    expect([before.shown, before.commands]).toEqual(['connected', ['openLink 1']]);
    const done = after(
      { type: 'moved', mode: 'switch', held: held(2) },
      { type: 'settled', link: 1 },
      { type: 'linkDone', link: 0 },
    );
    expect(done.commands).toEqual(['openLink 1', 'finishMove 2', 'lingerLink 0', 'closeLink 0']);
  });

  it('shows that media is being rebuilt until the new link has taken over', () => {
    const moved: SessionInput = { type: 'moved', mode: 'rebuild', held: held(2) };
    expect(after(moved).shown).toBe('recovering');
    const done = after(moved, { type: 'settled', link: 1 });
    expect(done.shown).toBe('connected');
    expect(done.commands).toEqual(['openLink 1 for a dead one', 'closeLink 0']);
  });

  it('lets the newest of two moves win', () => {
    const { commands } = after(
      { type: 'moved', mode: 'switch', held: held(2) },
      { type: 'moved', mode: 'switch', held: held(3) },
      { type: 'settled', link: 1 },
      { type: 'settled', link: 2 },
    );
    expect(commands).toEqual(['openLink 1', 'openLink 2', 'finishMove 3', 'lingerLink 0', 'lingerLink 1']);
  });

  it('ignores a move that it has made already', () => {
    const moved: SessionInput = { type: 'moved', mode: 'switch', held: held(2) };
    expect(after(moved, moved, { type: 'moved', mode: 'rebuild', held: held(1) }).commands).toEqual([
      'openLink 1',
    ]);
  });

  it('joins anew when no node took the session over, and ends with any other end', () => {
    expect(after({ type: 'ended', reason: 'worker-died', nowMs: 0 }).commands).toEqual([
      'holdRequests',
      'closeSocket 0',
      'join 1',
    ]);
    expect(after({ type: 'ended', reason: 'superseded', nowMs: 0 }).shown).toBe('closed');
  });

  it('closes a socket that comes too late', () => {
    const { commands } = after(lost, { type: 'left' }, { type: 'resumed', socket: 1, resumeToken: 'new' });
    expect(commands).toEqual(['holdRequests', 'resume 1', 'end', 'closeSocket 1']);
  });
});

/** The simplest world that carries out commands: it only knows what is open. */
class World {
  state: SessionState = startOf(held(1));
  readonly sockets = new Set([0]);
  readonly attempts = new Map<number, 'resume' | 'join'>();
  readonly links = new Set([0]);
  used = 0;
  epoch = 1;
  nowMs = 0;
  ended = false;
  readonly problems: string[] = [];

  apply(input: SessionInput): void {
    const { state, commands } = transition(this.state, input, DEADLINE_MS);
    if (this.state.kind === 'live' && state.kind === 'live' && state.held.epoch < this.state.held.epoch)
      this.problems.push('the epoch fell');
    this.state = state;
    for (const command of commands) this.#execute(command);
    this.check();
  }

  enter(random: Random): void {
    const [socket, how] = pick([...this.attempts], random) ?? [-1, 'resume' as const];
    if (socket < 0) return;
    this.attempts.delete(socket);
    const roll = random();
    const epoch = this.state.kind === 'live' ? this.state.held.epoch : 0;
    if (roll < 0.3) return this.apply(refused(socket, 'UNAVAILABLE', this.nowMs, epoch));
    if (roll < 0.4 && how === 'resume')
      return this.apply(refused(socket, 'SESSION_NOT_FOUND', this.nowMs, epoch));
    this.sockets.add(socket);
    if (how === 'join') this.apply({ type: 'joined', socket, held: held(++this.epoch) });
    else this.apply({ type: 'resumed', socket, resumeToken: `tok_${socket}` });
  }

  /** What must hold at any time. */
  check(): void {
    const { state } = this;
    if (state.kind === 'closed') return this.#must(this.ended, 'nothing is closed');
    const { link, leaving, line } = state;
    this.#must(same(this.links, [...leaving, link]), 'links are open that the state does not know');
    this.#must(!leaving.includes(link), 'the current link is leaving');
    this.#must(this.attempts.size <= 1, 'two attempts at once');
    this.#must(
      same(this.sockets, line.kind === 'up' ? [line.socket] : []),
      'other sockets than one are open',
    );
    this.#must(line.kind === 'down' || this.used === line.socket, 'another socket is used');
  }

  #must(holds: boolean, problem: string): void {
    if (!holds) this.problems.push(problem);
  }

  #execute(command: SessionCommand): void {
    switch (command.type) {
      case 'enter':
        return void this.attempts.set(command.attempt.socket, command.attempt.how);
      case 'useSocket':
        return void (this.used = command.socket);
      case 'closeSocket':
        return void this.sockets.delete(command.socket);
      case 'openLink':
        return void this.links.add(command.link);
      case 'closeLink':
        return void this.links.delete(command.link);
      case 'end':
        return this.#end();
      case 'hurry':
      case 'holdRequests':
      case 'lingerLink':
      case 'finishMove':
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

/** Everything settles: attempts succeed in the end, links take over, those before them go. */
function calmDown(world: World, random: Random): void {
  for (let step = 0; step < 200 && world.attempts.size > 0; step++) world.enter(random);
  const { state } = world;
  if (state.kind === 'closed') return;
  world.apply({ type: 'settled', link: state.link });
  for (const link of [...world.links].filter((one) => one !== state.link))
    world.apply({ type: 'linkDone', link });
  world.apply({ type: 'interrupted', link: state.link, interrupted: false });
}

function pick<Value>(values: readonly Value[], random: Random): Value | undefined {
  return values[Math.floor(random() * values.length)];
}

function happen(world: World, random: Random): void {
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
      return world.apply({ type: 'moveOver', withinMs: 1000 });
    case 2: {
      const mode = random() < 0.5 ? 'switch' : 'rebuild';
      return world.apply({ type: 'moved', mode, held: held(++world.epoch) });
    }
    case 3:
      return world.apply({ type: 'settled', link: pick(links, random) ?? 0 });
    case 4:
      return world.apply({ type: 'linkDone', link: pick(links, random) ?? 0 });
    case 5:
      return world.apply({
        type: 'interrupted',
        link: pick(links, random) ?? 0,
        interrupted: random() < 0.5,
      });
    case 6:
      if (random() < 0.1) world.apply({ type: 'ended', reason: 'node-stopped', nowMs: world.nowMs });
      return;
    default:
      return world.enter(random);
  }
}

describe('any run of a session', () => {
  it('never has two current links or two attempts, and is connected once the world is quiet', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed);
      const world = new World();
      for (let step = 0; step < 60; step++) happen(world, random);
      calmDown(world, random);
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
