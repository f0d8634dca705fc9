import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { esbuildTargets, readFloor, tooNew } from './browser-floor.mjs';

const data = createRequire(import.meta.url)('@mdn/browser-compat-data');
const browserslist = ['chrome 111', 'firefox 120', 'safari 16.4'];
const missing = (script) => tooNew(script, readFloor(browserslist), data).map((line) => line.split(':')[0]);

describe('what the oldest supported browsers lack', () => {
  it('a missing static is found by object and name', () => {
    expect(missing('const url = URL.parse(text);')).toEqual(['URL.parse']);
    expect(missing('AbortSignal.any([one, other])')).toEqual(['AbortSignal.any']);
    expect(missing('Promise.withResolvers()')).toEqual(['Promise.withResolvers']);
    expect(
      missing('const s = new AbortController(); s.signal; Promise.allSettled([]); URL.createObjectURL(x)'),
    ).toEqual([]);
  });

  it('a missing method is found by a name that is new everywhere', () => {
    expect(missing('new Set(a).intersection(b)')).toEqual(['.intersection']);
    expect(missing('list.toSorted()')).toEqual([]);
  });

  it('methods of our own are not reported', () => {
    expect(missing('class Own { intersection(b) { return b; } } own.intersection(b)')).toEqual([]);
  });

  it('a report says since when browsers have a member', () => {
    expect(tooNew('URL.parse(x)', readFloor(browserslist), data)).toEqual([
      'URL.parse: chrome 126, firefox 126, safari 18',
    ]);
  });
});

it('a browserslist becomes targets of esbuild', () => {
  expect(esbuildTargets(browserslist)).toEqual(['chrome111', 'firefox120', 'safari16.4']);
});
