import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError, setting, type ConfigOf } from '../config.ts';

/** PEM files of a client that requires TLS. All are optional. */
export interface TlsFiles {
  /** Certificates of the authorities that the server's certificate may come from. Default: the system's. */
  readonly caFile?: string | undefined;
  /** This client's certificate with its key, for a server that asks for one. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

const FILE = { pattern: /^$|\S/, allowed: 'the path of a file, or empty' };

/** A setting that names a file. */
export function fileSetting(env: string, doc: string) {
  return setting.text(env, FILE, { default: '', doc });
}

/** `SKEIN_NATS_CA_FILE`, `…_CERT_FILE` and `…_KEY_FILE` for the prefix `SKEIN_NATS`. */
export function tlsFileSettings(prefix: string, server: string) {
  return {
    caFile: fileSetting(
      `${prefix}_CA_FILE`,
      `PEM file of the authorities that may sign ${server}’s certificate. Empty: those of Node.js.`,
    ),
    certFile: fileSetting(
      `${prefix}_CERT_FILE`,
      `PEM file of this service’s client certificate for ${server}. Read again for each connection.`,
    ),
    keyFile: fileSetting(`${prefix}_KEY_FILE`, `PEM file of the key of \`${prefix}_CERT_FILE\`.`),
  };
}

export type TlsFileSettings = ConfigOf<ReturnType<typeof tlsFileSettings>>;

/**
 * The TLS files of a server, validated: readable, of the right kind, and matching each other. `undefined` when the URL requires
 * no TLS. Throws a `ConfigError` for invalid files, and for files beside a URL without TLS.
 */
export function readTlsFiles(
  prefix: string,
  settings: TlsFileSettings,
  { wanted, scheme }: { readonly wanted: boolean; readonly scheme: string },
): TlsFiles | undefined {
  const named = Object.entries({
    CA_FILE: settings.caFile,
    CERT_FILE: settings.certFile,
    KEY_FILE: settings.keyFile,
  }).find(([, file]) => file !== '');
  if (!wanted) {
    if (named === undefined) return undefined;
    const problem = `it is for TLS; start ${prefix}_URL with ${scheme}`;
    throw ConfigError.unworkable(`${prefix}_${named[0]}`, named[1], problem);
  }
  const { caFile, certFile, keyFile } = settings;
  if ((certFile === '') !== (keyFile === '')) {
    const [there, missing] = certFile === '' ? ['KEY_FILE', 'CERT_FILE'] : ['CERT_FILE', 'KEY_FILE'];
    const problem = `a certificate and its key go together; set ${prefix}_${missing} as well`;
    throw ConfigError.unworkable(`${prefix}_${there}`, certFile || keyFile, problem);
  }
  if (caFile !== '') checked(`${prefix}_CA_FILE`, caFile, (pem) => new X509Certificate(pem));
  if (certFile !== '') {
    const cert = checked(`${prefix}_CERT_FILE`, certFile, (pem) => new X509Certificate(pem));
    checked(`${prefix}_KEY_FILE`, keyFile, (key) => createSecureContext({ cert, key }));
  }
  return { caFile: caFile || undefined, certFile: certFile || undefined, keyFile: keyFile || undefined };
}

/** Reads and validates a file that a setting names. Throws a `ConfigError` that shows nothing of its content. */
export function checked(env: string, file: string, look: (content: Buffer) => unknown): Buffer {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    throw ConfigError.unworkable(env, file, `it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    look(content);
  } catch {
    throw ConfigError.unworkable(env, file, 'it is invalid, or does not match the other file');
  }
  return content;
}
