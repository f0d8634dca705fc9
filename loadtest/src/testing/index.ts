/** Documents and reports for tests. */
export { testDocument } from './load-document.ts';
export { testCluster, testHistogram, testReport } from './peer-reports.ts';
