/** Control without failures, for benches that run it beside many nodes without media. */
export { createProbes } from './failure-detection/probes.ts';
export { Reconciler, type ReconcilerDeps } from './reconciler.ts';
export { HealthySince } from './leadership/healthy-since.ts';
