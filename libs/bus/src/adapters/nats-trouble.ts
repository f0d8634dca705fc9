import { errors } from '@nats-io/transport-node';
import type { Logger } from '@skein/telemetry';

export type Trouble = 'unreachable' | 'login' | 'no-tls' | 'certificate';

const MESSAGES: Readonly<Record<Trouble, string>> = {
  unreachable: 'NATS is unreachable; retrying',
  login:
    'NATS refuses the login; check the user, password, token or key file that SKEIN_NATS_… names; retrying',
  'no-tls': 'NATS offers no TLS, which tls:// in SKEIN_NATS_URL requires; retrying',
  certificate:
    'TLS with NATS failed; check its certificate, SKEIN_NATS_CA_FILE and, if it asks for one, SKEIN_NATS_CERT_FILE; retrying',
};

/** Logs why NATS cannot be used: each reason once per outage. */
export class TroubleLog {
  readonly #log: Logger;
  readonly #reported = new Set<Trouble>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `secured`: the server's certificate had been accepted. */
  report(error: unknown, { secured }: { readonly secured: boolean } = { secured: false }): void {
    const trouble = secured && error instanceof errors.TimeoutError ? 'certificate' : troubleOf(error);
    this.#log.debug({ err: error }, 'the NATS connection failed');
    if (this.#reported.has(trouble)) return;
    this.#reported.add(trouble);
    const reason = error instanceof Error ? (codeOf(error) ?? error.name) : undefined;
    // An unreachable server comes back without an operator; the other reasons need one.
    this.#log[trouble === 'unreachable' ? 'warn' : 'error']({ reason, trouble }, MESSAGES[trouble]);
  }

  /** Logs every reason again from here on: the connection works. */
  clear(): void {
    this.#reported.clear();
  }
}

export function isLoginTrouble(error: unknown): boolean {
  return error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;
}

export function troubleOf(error: unknown): Trouble {
  if (isLoginTrouble(error)) return 'login';
  if (!(error instanceof Error)) return 'unreachable';
  if (error instanceof errors.ConnectionError && error.message.includes("'tls'")) return 'no-tls';
  const code = codeOf(error) ?? '';
  if (
    /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE))/.test(
      code,
    )
  )
    return 'certificate';
  return 'unreachable';
}

function codeOf(error: Error): string | undefined {
  const { code } = (error.cause instanceof Error ? error.cause : error) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
