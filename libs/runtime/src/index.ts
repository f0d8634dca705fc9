export { runService, type RunningService, type ServiceLog } from './adapters/service.ts';
export { systemClock } from './adapters/system-clock.ts';
export { systemIds, systemRandom, type IdSource } from './adapters/system-random.ts';
export {
  checked as checkedFile,
  fileSetting,
  readTlsFiles,
  tlsFileSettings,
  type TlsFiles,
  type TlsFileSettings,
} from './adapters/tls-files.ts';
export { backoff, type Backoff, type BackoffOptions } from './backoff.ts';
export type { Clock } from './clock.ts';
export {
  addressFamily,
  bracketed,
  canonicalIp,
  hostPort,
  isHost,
  isIpAddress,
  isLinkLocal,
  isLoopback,
  isUnspecified,
  readHostPort,
  type HostPort,
} from './addresses.ts';
export {
  ConfigError,
  describeSettings,
  EXIT_CONFIG,
  NotAllowed,
  readConfig,
  setting,
  type ConfigOf,
  type PortRange,
  type Setting,
  type Settings,
} from './config.ts';
export { endsWithin, untilAborted, withDeadline, type DeadlineTimer, type Work } from './deadline.ts';
export { formatDuration, parseDurationMs } from './duration.ts';
export { Emitter, type Listener } from './emitter.ts';
export { once } from './once.ts';
export { jitter, seededRandom, type Random } from './random.ts';
export { RoundTrips, type RoundTripLimits } from './round-trips.ts';
export { SingleFlight } from './single-flight.ts';
export { formatTable, type Column } from './table.ts';
export { TokenBucket, type TokenBucketSettings } from './token-bucket.ts';
