import type { Logger } from '@skein/telemetry';

type Trouble = 'unreachable' | 'login' | 'permission' | 'certificate' | 'database';

const MESSAGES: Readonly<Record<Trouble, string>> = {
  unreachable: 'Redis cannot be reached; trying until it can',
  login:
    'Redis refuses the login; check the user and password that SKEIN_REDIS_… names. Trying until it is accepted',
  permission: 'Redis does not let this user do what Skein needs; check its ACL. Trying until it does',
  certificate:
    'TLS with Redis failed; check that it offers TLS, its certificate, SKEIN_REDIS_CA_FILE and, if it asks for one, SKEIN_REDIS_CERT_FILE. Trying until it works',
  database: 'Redis has no database of the number in SKEIN_REDIS_URL; trying until it has',
};

/** Logs why Redis cannot be used, each reason once until it can. */
export class RedisTroubleLog {
  readonly #log: Logger;
  readonly #logged = new Set<Trouble>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `waits`: for the first connection; the loss of a later one is logged elsewhere. */
  report(error: NodeJS.ErrnoException, { waits }: { readonly waits: boolean }): void {
    this.#log.debug({ err: error }, 'the Redis connection failed');
    const trouble = troubleOf(error);
    if (this.#logged.has(trouble) || (trouble === 'unreachable' && !waits)) return;
    this.#logged.add(trouble);
    const level = trouble === 'unreachable' ? 'warn' : 'error';
    this.#log[level]({ code: error.code, trouble }, MESSAGES[trouble]);
  }

  over(): void {
    this.#logged.clear();
  }
}

export function isDatabaseTrouble(error: Error): boolean {
  return /DB index is out of range|SELECT is not allowed/i.test(error.message);
}

function troubleOf(error: NodeJS.ErrnoException): Trouble {
  const { message, code = '' } = error;
  if (/^(WRONGPASS|NOAUTH)\b|invalid password|\bAUTH\b/.test(message)) return 'login';
  if (/^NOPERM\b/.test(message)) return 'permission';
  if (isDatabaseTrouble(error)) return 'database';
  if (
    /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|EPROTO)/.test(
      code,
    )
  )
    return 'certificate';
  return 'unreachable';
}
