/**
 * What native peers measure: latency, loss, gaps and frames of what they receive, as sums and histograms that add up over
 * processes. Pure; loads no WebRTC engine.
 */
export {
  EMPTY_HISTOGRAM,
  Histogram,
  mergeHistograms,
  percentilesOf,
  type HistogramData,
  type Percentiles,
} from './histogram.ts';
export { PeerMeter } from './peer-meter.ts';
export {
  emptyMeasures,
  mergeMeasures,
  mergeReports,
  zeroCounts,
  type MeasuredCounts,
  type PeerMeasures,
  type PeerReport,
  type PeerState,
  type ToolHealth,
} from './peer-measures.ts';
export { StreamMeter, type PacketFacts, type StreamReport, type StreamTake } from './stream-meter.ts';
