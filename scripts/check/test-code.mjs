/** A test: `x.test.ts`. Nothing imports it. */
export function isTest(file) {
  return /\.test\.(?:ts|mjs)$/.test(file);
}

/** Fakes, builders and contract suites: `src/testing/`. */
export function isTesting(file) {
  return /(?:^|\/)src\/testing\//.test(file);
}

/** The same in a place that hides it from the checks. */
export function isMisplaced(file) {
  return /(?:^|\/)(?:test|testing)-[^/]+\.ts$/.test(file) && !/(?:^|\/)testing\//.test(file);
}

/** A file that no production code may need. */
export function isTestCode(file) {
  return isTest(file) || isTesting(file) || isMisplaced(file) || file.startsWith('tests/');
}
