import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LAST_RECEIVERS_MS,
  MOVE_DEADLINE_MS,
  newSessionState,
  nextCheckMs,
  stepSession,
  type Attachment,
  type SessionCommand,
  type SessionState,
  type SessionStateEvent,
} from './session-state.ts';

type Step =
  | { readonly type: 'attach'; readonly token: 'present' | 'shownLast' | 'wrong' }
  | { readonly type: 'detach'; readonly holder: 'present' | 'earlier'; readonly graceMs: number }
  | { readonly type: 'close'; readonly reason: 'left' | 'disconnected' | 'moved'; readonly by: Holder }
  | { readonly type: 'placedElsewhere' }
  | { readonly type: 'receivers'; readonly count: number }
  | { readonly type: 'wait'; readonly ms: number };
type Holder = 'present' | 'earlier' | 'unnamed';

const holder = fc.constantFrom<Holder>('present', 'earlier', 'unnamed');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('attach' as const),
    token: fc.constantFrom('present' as const, 'shownLast' as const, 'wrong' as const),
  }),
  fc.record({
    type: fc.constant('detach' as const),
    holder: fc.constantFrom('present' as const, 'earlier' as const),
    graceMs: fc.constantFrom(0, 500, 15_000),
  }),
  fc.record({
    type: fc.constant('close' as const),
    reason: fc.constantFrom('left' as const, 'disconnected' as const, 'moved' as const),
    by: holder,
  }),
  fc.record({ type: fc.constant('placedElsewhere' as const) }),
  fc.record({ type: fc.constant('receivers' as const), count: fc.nat(2) }),
  { weight: 3, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.nat(6000) }) },
);

/** What a session is, told in other words: who holds it, and the times by which it has to be over. */
class Model {
  holder = 1;
  graceEndsMs = Infinity;
  movedMs = Infinity;
  doneMs = Infinity;
  over: { leave: boolean } | undefined;

  get moved(): boolean {
    return this.movedMs < Infinity || this.doneMs < Infinity;
  }

  at(nowMs: number, receivers: number): void {
    if (this.over) return;
    if (!this.moved) {
      if (nowMs >= this.graceEndsMs) this.over = { leave: true };
      return;
    }
    const lastMs = Math.min(this.movedMs + MOVE_DEADLINE_MS, this.doneMs + LAST_RECEIVERS_MS);
    if (nowMs >= lastMs || (this.doneMs < Infinity && receivers === 0)) this.over = { leave: false };
  }
}

function openedState(resumeToken: string): SessionState {
  return stepSession(newSessionState(resumeToken), { type: 'opened' }, 0).state;
}

function attachmentOf(state: SessionState): Attachment {
  if (state.kind === 'closed') throw new Error('the session is closed');
  return state.attachment;
}

/** The session and its model, given the same events; time advances as the session's own timer says. */
class Run {
  readonly model = new Model();
  state: SessionState = openedState('token-1');
  ended: { readonly leave: boolean } | undefined;
  nowMs = 0;
  receivers = 0;
  /** What attaching came to that it should not have. */
  readonly surprises: string[] = [];
  #tokens = 1;
  #shownLast: string | undefined;

  apply(event: Step): void {
    if (this.ended) return;
    switch (event.type) {
      case 'attach':
        return this.#attach(event.token);
      case 'detach': {
        const attachment = event.holder === 'present' ? this.model.holder : this.model.holder - 1;
        if (event.holder === 'present') this.model.graceEndsMs = this.nowMs + event.graceMs;
        this.#give({ type: 'detach', attachment, graceMs: event.graceMs });
        return;
      }
      case 'close':
        return this.#close(event.reason, event.by);
      case 'placedElsewhere':
        this.model.movedMs = Math.min(this.model.movedMs, this.nowMs);
        this.#give({ type: 'moved' });
        return;
      case 'receivers':
        this.receivers = event.count;
        return;
      case 'wait':
        this.#wait(event.ms);
    }
  }

  #attach(token: 'present' | 'shownLast' | 'wrong'): void {
    const nextToken = `token-${++this.#tokens}`;
    const before = this.state;
    const present = attachmentOf(before).resumeToken;
    // Before the first attach none was shown.
    const resumeToken = { present, shownLast: this.#shownLast ?? present, wrong: `${present}x` }[token];
    const rightToken = token !== 'wrong';
    const event = { type: 'attach', resumeToken, nextToken } as const;
    const unchanged = stepSession(before, event, this.nowMs).state === before;
    const commands = this.#give(event);
    const rejected = commands.find((command) => command.type === 'reject');
    if (rightToken && !this.model.moved) {
      this.#shownLast = resumeToken;
      this.model.holder++;
      this.model.graceEndsMs = Infinity;
      const attachment = attachmentOf(this.state);
      const held = attachment.number === this.model.holder && attachment.resumeToken === nextToken;
      if (rejected || !held) this.surprises.push('the right token did not attach');
    } else {
      const why = rejected?.why;
      if (why !== (rightToken ? 'placedAgain' : 'wrongToken')) this.surprises.push(`an attach: ${why}`);
      if (!unchanged) this.surprises.push('a refused attach changed something');
    }
  }

  #close(reason: 'left' | 'disconnected' | 'moved', by: Holder): void {
    const attachment = { present: this.model.holder, earlier: this.model.holder - 1, unnamed: undefined }[by];
    if (by !== 'earlier' && reason === 'moved') {
      this.model.movedMs = Math.min(this.model.movedMs, this.nowMs);
      this.model.doneMs = Math.min(this.model.doneMs, this.nowMs);
    } else if (by !== 'earlier') this.model.over ??= { leave: !this.model.moved };
    this.#give({ type: 'close', reason, attachment });
  }

  /** As the session does: every input is followed by a look at the time. */
  #give(event: SessionStateEvent): readonly SessionCommand[] {
    const { state, commands } = stepSession(this.state, event, this.nowMs);
    this.state = state;
    if (state.kind === 'closed')
      this.ended = { leave: commands.some((command) => command.type === 'announceLeft') };
    else if (event.type !== 'checked') this.#check();
    return commands;
  }

  #check(): void {
    this.#give({ type: 'checked', received: this.receivers > 0 });
    this.model.at(this.nowMs, this.receivers);
  }

  #wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (
      let dueMs = nextCheckMs(this.state, this.nowMs);
      !this.ended && dueMs !== undefined && dueMs <= untilMs;
      dueMs = nextCheckMs(this.state, this.nowMs)
    ) {
      this.nowMs = Math.max(dueMs, this.nowMs);
      this.#check();
    }
    this.nowMs = untilMs;
  }
}

describe('whatever gateways and the room’s state say of a session, in whatever order', () => {
  it('a session ends exactly when its model does, and removes only its own participant', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const run = new Run();
        for (const event of steps) {
          run.apply(event);
          expect(run.ended?.leave).toBe(run.model.over?.leave);
        }
        expect(run.surprises).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('a detached or moved session ends in bounded time', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20, size: 'max' }), fc.boolean(), (steps, moved) => {
        const run = new Run();
        for (const event of steps) run.apply(event);
        run.apply(
          moved ? { type: 'placedElsewhere' } : { type: 'detach', holder: 'present', graceMs: 15_000 },
        );
        run.apply({ type: 'receivers', count: 1 });
        run.apply({ type: 'wait', ms: 15_000 });
        expect(run.ended).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });

  it('only the present token attaches, and its predecessor until the present one is used', () => {
    const attach = (state: SessionState, resumeToken: string, nextToken: string) =>
      stepSession(state, { type: 'attach', resumeToken, nextToken }, 0);
    const first = openedState('abc');
    for (const wrong of ['', 'ab', 'abcd', 'abd', 'ABC'])
      expect(attach(first, wrong, 'n').commands).toEqual([{ type: 'reject', why: 'wrongToken' }]);
    const second = attach(first, 'abc', 'def').state;
    const repeated = attach(second, 'abc', 'ghi');
    expect(attachmentOf(repeated.state)).toMatchObject({ number: 3, resumeToken: 'ghi' });
    expect(attach(repeated.state, 'def', 'n').commands).toMatchObject([{ type: 'reject' }]);
    const used = attach(repeated.state, 'ghi', 'jkl').state;
    expect(attach(used, 'abc', 'n').commands).toMatchObject([{ type: 'reject' }]);
    expect(attach(used, 'ghi', 'n').commands).toEqual([]);
  });
});
