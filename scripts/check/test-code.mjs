/** A test: `x.test.ts`. Nothing imports it. */
export function isTest(file) {
  return /\.test\.(?:ts|mjs)$/.test(file);
}

/** Fakes, builders and contract suites: `src/testing/`. */
export function isTesting(file) {
  return /(?:^|\/)src\/testing\//.test(file);
}

/** The former places of the same, until the last package has moved its own. */
export function isFormerTesting(file) {
  return /(?:^|\/)(?:test|testing)-[^/]+\.ts$/.test(file) && !/(?:^|\/)testing\//.test(file);
}

/** A file that no production code may need. */
export function isTestCode(file) {
  return isTest(file) || isTesting(file) || isFormerTesting(file) || file.startsWith('tests/');
}
