import { describe, expect, it } from 'vitest';
import { blindSides, grown, growthOf, leaksOf, MEMORY_MARGIN_BYTES } from './leaks.ts';

const MIB = 1024 * 1024;
const lasting = ['skein.node.*.beat', '_INBOX.abc.*'];
const subjects = ['skein.node.media-node-1.session.run_a1', 'skein.witness.answer.ctl_a1', ...lasting];
const nothing = { sessions: 0, nodePipes: 0 };

describe('leaksOf', () => {
  it('finds nothing where all is as it was', () => {
    const end = { counts: new Map([['media-node-1', nothing]]), roomKeys: [], subjects };
    expect(leaksOf({ subjects }, end)).toEqual([]);
  });

  it('takes a replaced node, and inboxes of requests, for no leak', () => {
    const end = {
      counts: new Map([['media-node-4', nothing]]),
      roomKeys: [],
      subjects: [
        ...['skein.node.media-node-4.session.run_b2', 'skein.witness.answer.ctl_b2'],
        ...[...lasting, '_INBOX.def.*'],
      ],
    };
    expect(leaksOf({ subjects }, end)).toEqual([]);
  });

  it('names what nodes, store and bus still hold', () => {
    const end = {
      counts: new Map([['media-node-1', { sessions: 0, nodePipes: 2 }]]),
      roomKeys: ['skein:{room:r}:meta'],
      subjects: [...subjects, 'skein.session.s1'],
    };
    expect(leaksOf({ subjects }, end)).toEqual([
      'media-node-1: 2 nodePipes',
      'Redis key skein:{room:r}:meta',
      '1 more subscriptions to skein.session.s1',
    ]);
  });

  it('says who did not answer', () => {
    const end = { counts: new Map([['media-node-1', undefined]]), roomKeys: undefined, subjects: undefined };
    expect(leaksOf({ subjects }, end)).toEqual([
      'media-node-1 did not answer',
      'Redis did not answer',
      'NATS did not answer',
    ]);
  });
});

describe('grown', () => {
  const warm = new Map([
    ['media-node-1', 100 * MIB],
    ['media-node-2', 120 * MIB],
    ['gateway-1', 90 * MIB],
  ]);

  it('allows a margin', () => {
    expect(grown(growthOf(warm, new Map([['gateway-1', 90 * MIB + MEMORY_MARGIN_BYTES]])))).toEqual([]);
  });

  it('names a process that grew by more, and compares one that came later with its kind', () => {
    const end = new Map([
      ['gateway-1', 160 * MIB],
      ['media-node-4', 180 * MIB],
      ['media-node-5', 190 * MIB],
    ]);
    expect(grown(growthOf(warm, end))).toEqual([
      'gateway-1 holds 160 MiB, 70 MiB more than when the call had begun',
      'media-node-5 holds 190 MiB, 70 MiB more than when the call had begun',
    ]);
  });
});

it('finds the sides on which it is blind', () => {
  const blind = { counts: new Map([['media-node-1', nothing]]), roomKeys: [], subjects };
  expect(blindSides({ subjects }, blind)).toHaveLength(3);
  const seen = {
    counts: new Map([['media-node-1', { sessions: 1 }]]),
    roomKeys: ['skein:{room:r}:meta'],
    subjects: [...subjects, 'skein.session.s1'],
  };
  expect(blindSides({ subjects }, seen)).toEqual([]);
});
