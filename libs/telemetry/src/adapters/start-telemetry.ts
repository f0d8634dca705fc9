import { endsWithin, systemClock } from '@skein/runtime';
import { checkOtlpSettings } from '../otlp-settings.ts';

/** Tracing of this process. */
export interface Telemetry {
  /** Exports the remaining spans, within 2 s. Never fails. */
  shutdown(): Promise<void>;
}

export interface TelemetryOptions {
  /** Such as `media-node`; shown as `skein-media-node`. */
  readonly service: string;
  readonly nodeId?: string;
}

const SHUTDOWN_DEADLINE_MS = 2_000;
const off: Telemetry = { shutdown: () => Promise.resolve() };

/**
 * Exports traces by OTLP to OTEL_EXPORTER_OTLP_ENDPOINT (or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT); the other OTEL_
 * variables have OpenTelemetry's meaning. Without an endpoint it does nothing and loads nothing. Rejects with a
 * `ConfigError` for variables that the SDK would ignore.
 */
export async function startTelemetry({ service, nodeId }: TelemetryOptions): Promise<Telemetry> {
  const { env } = process;
  if (!env['OTEL_EXPORTER_OTLP_ENDPOINT'] && !env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) return off;
  checkOtlpSettings(env);
  const { startNodeSdk } = await import('@opentelemetry/sdk-node');
  const sdk = startNodeSdk({
    resourceAttributes: {
      'service.name': `skein-${service}`,
      ...(nodeId !== undefined && { 'service.instance.id': nodeId }),
    },
    // By default it would send the command line and the host's addresses.
    ...(!env['OTEL_NODE_RESOURCE_DETECTORS'] && { resourceDetectors: [] }),
    // Errors go to stderr; lower levels would mix with the log lines on stdout.
    logLevel: env['OTEL_LOG_LEVEL'] ?? 'error',
    metricReaders: [],
    logRecordProcessors: [],
  });
  return {
    shutdown: async () => {
      // An absent collector must not block shutdown.
      await endsWithin(systemClock, SHUTDOWN_DEADLINE_MS, sdk.shutdown());
    },
  };
}
