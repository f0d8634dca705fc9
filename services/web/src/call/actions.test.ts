import { describe, expect, it } from 'vitest';
import { actionOf, actionsFor, SHORTCUTS } from './actions.ts';

describe('what a call offers', () => {
  it('gives a participant everything, and leaving last', () => {
    const all = ['mute', 'camera', 'screen', 'link', 'settings', 'details', 'leave'];
    expect(actionsFor('participant', true)).toEqual(all);
  });

  it('shares no screen where the browser cannot', () => {
    expect(actionsFor('participant', false)).not.toContain('screen');
  });

  it('gives a viewer nothing that sends', () => {
    expect(actionsFor('viewer', true)).toEqual(['link', 'settings', 'details', 'leave']);
  });

  it('a key does what its button does, in either case', () => {
    const offered = actionsFor('participant', true);
    expect(Object.values(SHORTCUTS).map((key) => actionOf(key, offered))).toEqual(Object.keys(SHORTCUTS));
    expect(actionOf('M', offered)).toBe('mute');
    expect(actionOf('x', offered)).toBeUndefined();
  });

  it('a key opens nothing that has no button', () => {
    const offered = actionsFor('viewer', true);
    expect(['m', 'v', 's'].map((key) => actionOf(key, offered))).toEqual([undefined, undefined, undefined]);
    expect(actionOf('d', offered)).toBe('details');
  });
});
