/** What a control does while all is well, for benches that run it beside many nodes without media. */
export { createProbes } from './failure-detection/probes.ts';
export { Reconciler, type ReconcilerParts } from './reconciler.ts';
export { Steadiness } from './leadership/healthy-since.ts';
