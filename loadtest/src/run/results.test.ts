import { describe, expect, it } from 'vitest';
import { testDocument } from '../testing/load-document.ts';
import { leaveResults, type ResultPlaces } from './results.ts';

const document = testDocument();
const files = { json: 'out.json', report: 'out.html' };

/** Notes what is left behind, in order; files in `full` have no room. */
function places(full: readonly string[]) {
  const left: string[] = [];
  const all: ResultPlaces = {
    print: (text) => left.push(text.includes(document.scenario.name) ? 'summary' : text),
    write: (file) => {
      if (full.includes(file)) throw new Error('ENOSPC: no space left on device, write');
      left.push(file);
    },
  };
  return { ...all, left };
}

describe('what a run leaves behind', () => {
  it('is the summary and each file that was asked for', () => {
    const all = places([]);
    expect(leaveResults(document, files, all)).toEqual([]);
    expect(all.left).toEqual(['summary', 'out.json', 'out.html']);
    const none = places([]);
    expect(leaveResults(document, { json: undefined, report: undefined }, none)).toEqual([]);
    expect(none.left).toEqual(['summary']);
  });

  it('is all the rest when one file cannot be written', () => {
    const all = places(['out.json']);
    expect(leaveResults(document, files, all)).toEqual([
      'out.json could not be written: ENOSPC: no space left on device, write',
    ]);
    expect(all.left).toEqual(['summary', 'out.html']);
  });

  it('is the summary, and a line for each file, when none can', () => {
    const all = places(['out.json', 'out.html']);
    expect(leaveResults(document, files, all)).toHaveLength(2);
    expect(all.left).toEqual(['summary']);
  });
});
