/**
 * The closing line of a test run, for people and for programs: `312 passed, 0 failed`. A file that could not be
 * loaded counts as one failure; so does a run without a report.
 * @param report vitest's JSON report, or `undefined` when there is none
 */
export function summarize(report) {
  if (!report) return { line: '0 passed, 1 failed', ok: false };
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = report.numFailedTests + brokenFiles.length;
  return { line: `${report.numPassedTests} passed, ${failed} failed`, ok: failed === 0 };
}
