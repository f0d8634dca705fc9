import { fileSetting, NotAllowed, setting, tlsFileSettings, type Setting } from '@skein/runtime';
import { NATS_ADDRESS_ALLOWED, readNatsAddress, type NatsAddress } from './nats-address.ts';

const SECRET = { pattern: /^$|^\S(?:.*\S)?$/, allowed: 'text without blanks around it, or empty' };
const { caFile, certFile, keyFile } = tlsFileSettings('SKEIN_NATS', 'NATS');

const natsUrl: Setting<NatsAddress> = {
  env: 'SKEIN_NATS_URL',
  defaultText: 'nats://127.0.0.1:4222',
  allowed: NATS_ADDRESS_ALLOWED,
  doc: 'The NATS servers of the cluster. `tls://` rejects a server without TLS, or with a certificate for another name.',
  secret: true,
  parse: (text) => {
    try {
      return readNatsAddress(text);
    } catch (error) {
      throw new NotAllowed((error as Error).message);
    }
  },
};

/** Settings of a service that uses the bus; `natsServers` validates their combination. */
export const busSettings = {
  natsUrl,
  natsUser: setting.text('SKEIN_NATS_USER', SECRET, {
    default: '',
    doc: 'User name at NATS, with `SKEIN_NATS_PASSWORD`. Both may be in the URL instead.',
  }),
  natsPassword: setting.text('SKEIN_NATS_PASSWORD', SECRET, {
    default: '',
    doc: 'Password of `SKEIN_NATS_USER`.',
    secret: true,
  }),
  natsToken: setting.text('SKEIN_NATS_TOKEN', SECRET, {
    default: '',
    doc: 'Token for NATS, instead of a user and a password.',
    secret: true,
  }),
  natsCredsFile: fileSetting(
    'SKEIN_NATS_CREDS_FILE',
    'Credentials file (`.creds`: a JWT and its NKey seed). Read again for each connection.',
  ),
  natsNkeyFile: fileSetting(
    'SKEIN_NATS_NKEY_FILE',
    'File with the NKey seed (`SU…`) of a user. Read again for each connection.',
  ),
  natsCaFile: caFile,
  natsCertFile: certFile,
  natsKeyFile: keyFile,
};
