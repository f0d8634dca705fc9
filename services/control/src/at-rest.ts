/** What a control does while all is well, for benches that run it beside many nodes without media. */
export { createProbes } from './reconciler/probes.ts';
export { Reconciler, type ReconcilerParts } from './reconciler/reconciler.ts';
export { Steadiness } from './reconciler/steadiness.ts';
