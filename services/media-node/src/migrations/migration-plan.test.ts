import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chooseToMove,
  defaultMovePolicy,
  planMoves,
  type MovePlan,
  type MoveView,
} from './migration-plan.ts';

const policy = { atOnce: 3, roomShare: 1, askAgainMs: 5000, stepMs: 0, steps: 1 };

function session(sessionId: string, given: Partial<MoveView> = {}): MoveView {
  return { sessionId, room: 'daily', leaving: false, timesAsked: 0, lastAskedMs: 0, ...given };
}

function plan(sessions: readonly MoveView[], nowMs: number): MovePlan {
  return planMoves(sessions, nowMs, policy);
}

describe('sessions that are to move', () => {
  test('are asked some at a time', () => {
    const four = ['a', 'b', 'c', 'd'].map((id) => session(id));
    expect(plan(four, 1000)).toEqual({ ask: ['a', 'b', 'c'], wakeAtMs: 6000 });
  });

  test('wait while others are asked or on their way, and are asked as those end', () => {
    const asked = session('a', { timesAsked: 1, lastAskedMs: 1000 });
    const moving = session('b', { timesAsked: 1, lastAskedMs: 1000, leaving: true });
    expect(plan([asked, moving, session('c'), session('d')], 2000)).toEqual({ ask: ['c'], wakeAtMs: 6000 });
    expect(plan([asked, session('c'), session('d')], 2000).ask).toEqual(['c', 'd']);
  });

  test('are asked again when they have not begun, after those that were asked less often', () => {
    const stuck = ['a', 'b', 'c'].map((id) => session(id, { timesAsked: 1, lastAskedMs: 0 }));
    const fresh = ['d', 'e'].map((id) => session(id));
    expect(plan([...stuck, ...fresh], 4999)).toEqual({ ask: [], wakeAtMs: 5000 });
    expect(plan([...stuck, ...fresh], 5000).ask).toEqual(['d', 'e', 'a']);
  });

  test('are asked step by step, one at a time on a small node and more on a large one', () => {
    const stepped = { ...defaultMovePolicy, roomShare: 1, stepMs: 500, steps: 2 };
    const [first, second] = [session('a', { timesAsked: 1, lastAskedMs: 1000 }), session('b')];
    expect(planMoves([session('a'), second], 1000, stepped)).toEqual({ ask: ['a'], wakeAtMs: 1500 });
    expect(planMoves([first, second], 1499, stepped)).toEqual({ ask: [], wakeAtMs: 1500 });
    expect(planMoves([first, second], 1500, stepped).ask).toEqual(['b']);
    const many = ['a', 'b', 'c', 'd', 'e'].map((id) => session(id));
    expect(planMoves(many, 1000, stepped).ask).toEqual(['a', 'b', 'c']);
  });

  test('of one room move one after another, or some at a time when there are many, beside those of other rooms', () => {
    const small = { ...policy, roomShare: 2 };
    const [a, b, c] = ['a', 'b', 'c'].map((id) => session(id));
    const other = session('x', { room: 'other' });
    const moving = { timesAsked: 1, lastAskedMs: 1000, leaving: true };
    expect(planMoves([a!, b!, other], 1000, small).ask).toEqual(['a', 'x']);
    expect(planMoves([{ ...a!, ...moving }, b!], 2000, small)).toEqual({ ask: [], wakeAtMs: undefined });
    expect(planMoves([a!, b!, c!], 1000, small).ask).toEqual(['a', 'b']);
  });

  test('wake nobody when there is nothing to wait for but their ends', () => {
    expect(plan([session('a', { timesAsked: 1, leaving: true })], 9000)).toEqual({
      ask: [],
      wakeAtMs: undefined,
    });
  });

  test('are all asked in the end, never more than the bound at once, whichever move and whichever are stuck', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('moves', 'slow', 'stuck'), { minLength: 1, maxLength: 80 }),
        (kinds) => {
          const views = kinds.map((kind, at) => ({ ...session(`s${at}`, { room: `r${at % 7}` }), kind }));
          let here = views.map((view) => ({ ...view }));
          const everAsked = new Set<string>();
          for (let nowMs = 0; nowMs < 400_000 && everAsked.size < views.length; nowMs += 500) {
            here = here.filter(
              ({ kind, leaving, lastAskedMs }) =>
                !(leaving && (kind === 'moves' || nowMs - lastAskedMs >= 10_000)),
            );
            for (const id of planMoves(here, nowMs, defaultMovePolicy).ask) {
              const view = here.find(({ sessionId }) => sessionId === id);
              if (!view) throw new Error('asked one that is gone');
              everAsked.add(id);
              Object.assign(view, {
                timesAsked: view.timesAsked + 1,
                lastAskedMs: nowMs,
                leaving: view.kind !== 'stuck',
              });
            }
            const underWay = here.filter(
              ({ leaving, timesAsked, lastAskedMs }) =>
                leaving || (timesAsked > 0 && lastAskedMs + defaultMovePolicy.askAgainMs > nowMs),
            );
            expect(underWay.length).toBeLessThanOrEqual(defaultMovePolicy.atOnce);
          }
          expect(everAsked.size).toBe(views.length);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('sessions chosen to move for balance', () => {
  const at = (sessionId: string, room: string, spansNodes: boolean) => ({ sessionId, room, spansNodes });

  test('are those of rooms that are here only, room by room, then those of rooms that span nodes', () => {
    const sessions = [
      at('1', 'wide', true),
      at('2', 'b', false),
      at('3', 'a', false),
      at('4', 'b', false),
      at('5', 'a', false),
    ];
    expect(chooseToMove(sessions, 3)).toEqual(['3', '5', '2']);
    expect(chooseToMove(sessions, 9)).toEqual(['3', '5', '2', '4', '1']);
  });
});
