export { createLogger } from './adapters/pino-logger.ts';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './adapters/start-telemetry.ts';
export {
  injectTrace,
  withSpan,
  withTraceFrom,
  type SpanAttributes,
  type SpanRole,
  type TraceCarrier,
} from './adapters/tracing.ts';
export { logLevels, silentLogger, type LogFields, type Logger, type LogLevel } from './logger.ts';
export { logSettings } from './settings.ts';
