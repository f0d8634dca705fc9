import { setting } from '@skein/runtime';

/** What a service that uses the bus reads from its environment. */
export const busSettings = {
  natsUrl: setting.url('SKEIN_NATS_URL', ['nats:', 'tls:'], {
    default: 'nats://127.0.0.1:4222',
    doc: 'The NATS server of the cluster.',
    secret: true,
  }),
};
