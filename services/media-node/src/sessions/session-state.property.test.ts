import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  LAST_RECEIVERS_MS,
  MOVE_DEADLINE_MS,
  newLife,
  nextCheckMs,
  stepLife,
  type LifeInput,
  type LifeOutcome,
  type SessionLife,
} from './session-state.ts';

type Step =
  | { readonly do: 'attach'; readonly token: 'present' | 'shownLast' | 'wrong' }
  | { readonly do: 'detach'; readonly holder: 'present' | 'earlier'; readonly graceMs: number }
  | { readonly do: 'close'; readonly reason: 'left' | 'disconnected' | 'moved'; readonly by: Holder }
  | { readonly do: 'placedElsewhere' }
  | { readonly do: 'receivers'; readonly count: number }
  | { readonly do: 'wait'; readonly ms: number };
type Holder = 'present' | 'earlier' | 'unnamed';

const holder = fc.constantFrom<Holder>('present', 'earlier', 'unnamed');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('attach' as const),
    token: fc.constantFrom('present' as const, 'shownLast' as const, 'wrong' as const),
  }),
  fc.record({
    do: fc.constant('detach' as const),
    holder: fc.constantFrom('present' as const, 'earlier' as const),
    graceMs: fc.constantFrom(0, 500, 15_000),
  }),
  fc.record({
    do: fc.constant('close' as const),
    reason: fc.constantFrom('left' as const, 'disconnected' as const, 'moved' as const),
    by: holder,
  }),
  fc.record({ do: fc.constant('placedElsewhere' as const) }),
  fc.record({ do: fc.constant('receivers' as const), count: fc.nat(2) }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(6000) }) },
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

/** The session and its model, given the same inputs; time goes on as its own timer says. */
class Run {
  readonly model = new Model();
  life: SessionLife = newLife('token-1');
  ended: Extract<LifeOutcome, { kind: 'ends' }> | undefined;
  nowMs = 0;
  receivers = 0;
  /** What attaching came to that it should not have. */
  readonly surprises: string[] = [];
  #tokens = 1;
  #shownLast: string | undefined;

  apply(event: Step): void {
    if (this.ended) return;
    switch (event.do) {
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
    const before = this.life;
    const present = before.resumeToken;
    // Before the first attach none was shown.
    const resumeToken = { present, shownLast: this.#shownLast ?? present, wrong: `${present}x` }[token];
    const rightToken = token !== 'wrong';
    const outcome = this.#give({ type: 'attach', resumeToken, nextToken });
    if (rightToken && !this.model.moved) {
      this.#shownLast = resumeToken;
      this.model.holder++;
      this.model.graceEndsMs = Infinity;
      const held = this.life.attachment === this.model.holder && this.life.resumeToken === nextToken;
      if (outcome.kind !== 'goesOn' || !held) this.surprises.push('the right token did not attach');
    } else {
      const why = outcome.kind === 'refused' ? outcome.why : outcome.kind;
      if (why !== (rightToken ? 'placedAgain' : 'wrongToken')) this.surprises.push(`an attach: ${why}`);
      if (this.life !== before) this.surprises.push('a refused attach changed something');
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
  #give(input: LifeInput): LifeOutcome {
    const { life, outcome } = stepLife(this.life, input, this.nowMs);
    this.life = life;
    if (outcome.kind === 'ends') this.ended = outcome;
    else if (input.type !== 'checked') this.#check();
    return outcome;
  }

  #check(): void {
    this.#give({ type: 'checked', received: this.receivers > 0 });
    this.model.at(this.nowMs, this.receivers);
  }

  #wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (
      let dueMs = nextCheckMs(this.life, this.nowMs);
      !this.ended && dueMs !== undefined && dueMs <= untilMs;
      dueMs = nextCheckMs(this.life, this.nowMs)
    ) {
      this.nowMs = Math.max(dueMs, this.nowMs);
      this.#check();
    }
    this.nowMs = untilMs;
  }
}

describe('whatever gateways and the room’s state say of a session, in whatever order', () => {
  test('it is over exactly when its model is, and takes its participant along exactly when that is its own', () => {
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

  test('it ends in bounded time once it is detached or was placed elsewhere', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20, size: 'max' }), fc.boolean(), (steps, moved) => {
        const run = new Run();
        for (const event of steps) run.apply(event);
        run.apply(moved ? { do: 'placedElsewhere' } : { do: 'detach', holder: 'present', graceMs: 15_000 });
        run.apply({ do: 'receivers', count: 1 });
        run.apply({ do: 'wait', ms: 15_000 });
        expect(run.ended).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });

  test('no token attaches but the present one, and the one shown for it until the present one is used', () => {
    const attach = (life: SessionLife, resumeToken: string, nextToken: string) =>
      stepLife(life, { type: 'attach', resumeToken, nextToken }, 0);
    const first = newLife('abc');
    for (const wrong of ['', 'ab', 'abcd', 'abd', 'ABC'])
      expect(attach(first, wrong, 'n').outcome).toEqual({ kind: 'refused', why: 'wrongToken' });
    const second = attach(first, 'abc', 'def').life;
    const repeated = attach(second, 'abc', 'ghi');
    expect(repeated.life).toMatchObject({ attachment: 3, resumeToken: 'ghi' });
    expect(attach(repeated.life, 'def', 'n').outcome.kind).toBe('refused');
    const used = attach(repeated.life, 'ghi', 'jkl').life;
    expect(attach(used, 'abc', 'n').outcome.kind).toBe('refused');
    expect(attach(used, 'ghi', 'n').outcome.kind).toBe('goesOn');
  });
});
