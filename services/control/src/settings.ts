import { setting } from '@skein/runtime';
import { logLevels } from '@skein/telemetry';

/** The environment variables of control. */
export const controlSettings = {
  natsUrl: setting.url('SKEIN_NATS_URL', ['nats:', 'tls:'], {
    default: 'nats://127.0.0.1:4222',
    doc: 'The NATS server of the cluster.',
    secret: true,
  }),
  redisUrl: setting.url('SKEIN_REDIS_URL', ['redis:', 'rediss:'], {
    default: 'redis://127.0.0.1:6379',
    doc: 'The Redis server of the cluster.',
    secret: true,
  }),
  logLevel: setting.oneOf('SKEIN_LOG_LEVEL', logLevels, {
    default: 'info',
    doc: 'The least level that is logged.',
  }),
  grpcHost: setting.text(
    'SKEIN_CONTROL_GRPC_HOST',
    { pattern: /^[\w.:-]{1,253}$/, allowed: 'an IP address or a host name' },
    {
      default: '127.0.0.1',
      doc: 'Where the gRPC API listens. It asks nobody who they are: keep it off public networks.',
    },
  ),
  grpcPort: setting.port('SKEIN_CONTROL_GRPC_PORT', { default: 7000, doc: 'Port of the gRPC API.' }),
};
