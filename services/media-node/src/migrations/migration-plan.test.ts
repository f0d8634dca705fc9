import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chooseToMigrate,
  defaultMigrationPolicy,
  planMigrations,
  type MigrationPlan,
  type MigrationView,
} from './migration-plan.ts';

const policy = { maxConcurrent: 3, roomShare: 1, retryMs: 5000, stepMs: 0, steps: 1 };

function session(sessionId: string, given: Partial<MigrationView> = {}): MigrationView {
  return { sessionId, room: 'daily', leaving: false, requests: 0, lastRequestMs: 0, ...given };
}

function plan(sessions: readonly MigrationView[], nowMs: number): MigrationPlan {
  return planMigrations(sessions, nowMs, policy);
}

describe('sessions that are to move', () => {
  it('a limited number of migrations run at once', () => {
    const four = ['a', 'b', 'c', 'd'].map((id) => session(id));
    expect(plan(four, 1000)).toEqual({ request: ['a', 'b', 'c'], wakeAtMs: 6000 });
  });

  it('further migrations start as earlier ones end', () => {
    const asked = session('a', { requests: 1, lastRequestMs: 1000 });
    const moving = session('b', { requests: 1, lastRequestMs: 1000, leaving: true });
    expect(plan([asked, moving, session('c'), session('d')], 2000)).toEqual({
      request: ['c'],
      wakeAtMs: 6000,
    });
    expect(plan([asked, session('c'), session('d')], 2000).request).toEqual(['c', 'd']);
  });

  it('a stuck migration is requested again, after those requested less often', () => {
    const stuck = ['a', 'b', 'c'].map((id) => session(id, { requests: 1, lastRequestMs: 0 }));
    const fresh = ['d', 'e'].map((id) => session(id));
    expect(plan([...stuck, ...fresh], 4999)).toEqual({ request: [], wakeAtMs: 5000 });
    expect(plan([...stuck, ...fresh], 5000).request).toEqual(['d', 'e', 'a']);
  });

  it('migrations start in steps, one at a time on a small node and more on a large one', () => {
    const stepped = { ...defaultMigrationPolicy, roomShare: 1, stepMs: 500, steps: 2 };
    const [first, second] = [session('a', { requests: 1, lastRequestMs: 1000 }), session('b')];
    expect(planMigrations([session('a'), second], 1000, stepped)).toEqual({ request: ['a'], wakeAtMs: 1500 });
    expect(planMigrations([first, second], 1499, stepped)).toEqual({ request: [], wakeAtMs: 1500 });
    expect(planMigrations([first, second], 1500, stepped).request).toEqual(['b']);
    const many = ['a', 'b', 'c', 'd', 'e'].map((id) => session(id));
    expect(planMigrations(many, 1000, stepped).request).toEqual(['a', 'b', 'c']);
  });

  it('migrations of one room are limited by its size, beside those of other rooms', () => {
    const small = { ...policy, roomShare: 2 };
    const [a, b, c] = ['a', 'b', 'c'].map((id) => session(id));
    const other = session('x', { room: 'other' });
    const moving = { requests: 1, lastRequestMs: 1000, leaving: true };
    expect(planMigrations([a!, b!, other], 1000, small).request).toEqual(['a', 'x']);
    expect(planMigrations([{ ...a!, ...moving }, b!], 2000, small)).toEqual({
      request: [],
      wakeAtMs: undefined,
    });
    expect(planMigrations([a!, b!, c!], 1000, small).request).toEqual(['a', 'b']);
  });

  it('no wake-up is planned while only the ends of sessions are awaited', () => {
    expect(plan([session('a', { requests: 1, leaving: true })], 9000)).toEqual({
      request: [],
      wakeAtMs: undefined,
    });
  });

  it('every session is requested in the end, never more than the bound at once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('moves', 'slow', 'stuck'), { minLength: 1, maxLength: 80 }),
        (kinds) => {
          const views = kinds.map((kind, at) => ({ ...session(`s${at}`, { room: `r${at % 7}` }), kind }));
          let here = views.map((view) => ({ ...view }));
          const everAsked = new Set<string>();
          for (let nowMs = 0; nowMs < 400_000 && everAsked.size < views.length; nowMs += 500) {
            here = here.filter(
              ({ kind, leaving, lastRequestMs }) =>
                !(leaving && (kind === 'moves' || nowMs - lastRequestMs >= 10_000)),
            );
            for (const id of planMigrations(here, nowMs, defaultMigrationPolicy).request) {
              const view = here.find(({ sessionId }) => sessionId === id);
              if (!view) throw new Error('asked one that is gone');
              everAsked.add(id);
              Object.assign(view, {
                requests: view.requests + 1,
                lastRequestMs: nowMs,
                leaving: view.kind !== 'stuck',
              });
            }
            const underWay = here.filter(
              ({ leaving, requests, lastRequestMs }) =>
                leaving || (requests > 0 && lastRequestMs + defaultMigrationPolicy.retryMs > nowMs),
            );
            expect(underWay.length).toBeLessThanOrEqual(defaultMigrationPolicy.maxConcurrent);
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

  it('rooms on this node only are chosen first, room by room, then rooms that span nodes', () => {
    const sessions = [
      at('1', 'wide', true),
      at('2', 'b', false),
      at('3', 'a', false),
      at('4', 'b', false),
      at('5', 'a', false),
    ];
    expect(chooseToMigrate(sessions, 3)).toEqual(['3', '5', '2']);
    expect(chooseToMigrate(sessions, 9)).toEqual(['3', '5', '2', '4', '1']);
  });
});
