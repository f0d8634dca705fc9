import { describe, expect, it } from 'vitest';
import { summarize } from './summary.mjs';

const file = (status, ...tests) => ({ status, assertionResults: tests.map((test) => ({ status: test })) });

describe('summarize', () => {
  it('a summary counts passed and failed tests', () => {
    const testResults = [file('passed', 'passed', 'passed'), file('failed', 'passed', 'failed')];
    expect(summarize({ numPassedTests: 3, numFailedTests: 1, testResults })).toEqual({
      line: '3 passed, 1 failed',
      ok: false,
    });
  });

  it('a summary counts a file that could not be loaded as a failure', () => {
    const report = {
      numPassedTests: 1,
      numFailedTests: 0,
      testResults: [file('passed', 'passed'), file('failed')],
    };
    expect(summarize(report)).toEqual({ line: '1 passed, 1 failed', ok: false });
  });

  it('a summary is ok when all tests passed', () => {
    const report = { numPassedTests: 1, numFailedTests: 0, testResults: [file('passed', 'passed')] };
    expect(summarize(report)).toEqual({ line: '1 passed, 0 failed', ok: true });
  });

  it('a run without a report counts as a failure', () => {
    expect(summarize(undefined).ok).toBe(false);
  });
});
