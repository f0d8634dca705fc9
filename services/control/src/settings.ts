import { busSettings } from '@skein/bus';
import { storeSettings } from '@skein/cluster';
import { setting } from '@skein/runtime';
import { logSettings } from '@skein/telemetry';

/** The environment variables of control. */
export const controlSettings = {
  ...busSettings,
  ...storeSettings,
  ...logSettings,
  grpcHost: setting.host('SKEIN_CONTROL_GRPC_HOST', {
    default: '127.0.0.1',
    doc: 'Where the gRPC API listens. It asks nobody who they are: keep it off public networks.',
  }),
  grpcPort: setting.port('SKEIN_CONTROL_GRPC_PORT', { default: 7000, doc: 'Port of the gRPC API.' }),
};
