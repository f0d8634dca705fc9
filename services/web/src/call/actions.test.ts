import { describe, expect, it } from 'vitest';
import { actionOf, actionsFor, SHORTCUTS } from './actions.ts';

describe('actions of a call', () => {
  it('include everything for a participant, with leave last', () => {
    const all = ['mute', 'camera', 'screen', 'link', 'settings', 'details', 'leave'];
    expect(actionsFor('participant', true)).toEqual(all);
  });

  it('exclude screen sharing where the browser lacks it', () => {
    expect(actionsFor('participant', false)).not.toContain('screen');
  });

  it('exclude everything that sends for a viewer', () => {
    expect(actionsFor('viewer', true)).toEqual(['link', 'settings', 'details', 'leave']);
  });

  it('have keys in upper and lower case', () => {
    const offered = actionsFor('participant', true);
    expect(Object.values(SHORTCUTS).map((key) => actionOf(key, offered))).toEqual(Object.keys(SHORTCUTS));
    expect(actionOf('M', offered)).toBe('mute');
    expect(actionOf('x', offered)).toBeUndefined();
  });

  it('have no key without a button', () => {
    const offered = actionsFor('viewer', true);
    expect(['m', 'v', 's'].map((key) => actionOf(key, offered))).toEqual([undefined, undefined, undefined]);
    expect(actionOf('d', offered)).toBe('details');
  });
});
