import { ConfigError, readHostPort } from '@skein/runtime';

type Environment = Readonly<Record<string, string | undefined>>;

const PROTOCOLS = ['grpc', 'http/protobuf', 'http/json'];
const SAMPLERS = [
  ...['always_on', 'always_off', 'traceidratio'],
  ...['parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'],
];
const DEFAULT_PROTOCOL = 'http/protobuf';

/**
 * Checks OpenTelemetry's variables for endpoint, protocol and sampling: the SDK ignores invalid ones and falls back to its
 * default address, or to sending everything. Throws a `ConfigError`. Checks nothing without an endpoint.
 */
export function checkOtlpSettings(env: Environment): void {
  const protocol =
    oneOf(env, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', PROTOCOLS) ??
    oneOf(env, 'OTEL_EXPORTER_OTLP_PROTOCOL', PROTOCOLS) ??
    DEFAULT_PROTOCOL;
  for (const name of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])
    checkEndpoint(name, env[name], protocol);
  const sampler = oneOf(env, 'OTEL_TRACES_SAMPLER', SAMPLERS);
  const ratio = env['OTEL_TRACES_SAMPLER_ARG'];
  if (sampler?.endsWith('traceidratio') && ratio) {
    const share = Number(ratio);
    if (!(share >= 0 && share <= 1))
      throw ConfigError.unworkable('OTEL_TRACES_SAMPLER_ARG', ratio, 'it is no number from 0 to 1');
  }
}

function oneOf(env: Environment, name: string, allowed: readonly string[]): string | undefined {
  const value = env[name]?.trim();
  if (!value) return undefined;
  if (allowed.includes(value)) return value;
  throw ConfigError.unworkable(name, value, `it is none of ${allowed.join(', ')}`);
}

/** A URL may hold a login, so it is not shown. */
function checkEndpoint(name: string, text: string | undefined, protocol: string): void {
  if (!text) return;
  if (protocol === 'grpc' && readHostPort(text)) return;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.hostname !== '') return;
  const port = protocol === 'grpc' ? 4317 : 4318;
  throw ConfigError.unworkable(name, undefined, `it is no URL such as http://collector:${port}`);
}
