import { expect, it } from 'vitest';
import { checkOtlpSettings } from './otlp-settings.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

it.each([
  endpoint,
  { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://[fd00::1]:4318/v1/traces' },
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
  { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_TRACES_SAMPLER: 'always_on' },
  { ...endpoint, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' },
])('%j is taken', (env) => {
  expect(() => checkOtlpSettings(env)).not.toThrow();
});

it.each([
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    'OTEL_EXPORTER_OTLP_ENDPOINT cannot work: it is no URL such as http://collector:4318',
  ],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://' }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT cannot work'],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'u:hunter2@collector', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    'such as http://collector:4317',
  ],
  [
    { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http' },
    'OTEL_EXPORTER_OTLP_PROTOCOL="http" cannot work: it is none of grpc, http/protobuf, http/json',
  ],
  [
    { ...endpoint, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'thrift' },
    'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL="thrift"',
  ],
  [{ ...endpoint, OTEL_TRACES_SAMPLER: 'some' }, 'OTEL_TRACES_SAMPLER="some"'],
  [
    { ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '10%' },
    'OTEL_TRACES_SAMPLER_ARG="10%"',
  ],
])('%j is refused: %s', (env, message) => {
  expect(() => checkOtlpSettings(env)).toThrow(
    expect.objectContaining({ name: 'ConfigError', message: expect.stringContaining(message) as string }),
  );
  expect(() => checkOtlpSettings(env)).not.toThrow('hunter2');
});
