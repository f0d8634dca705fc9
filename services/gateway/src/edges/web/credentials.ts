import type { Credentials } from '../../participants/admission.ts';
import type { HttpHead } from './http.ts';

/** Shared: most connections have none, and each keeps its credentials. */
const NONE: Credentials = {};

/** The bearer token of a request, if it has one (RFC 6750 §2.1). */
export function credentialsOf({ headers }: Pick<HttpHead, 'headers'>): Credentials {
  const [, token] = /^bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '') ?? [];
  return token === undefined ? NONE : { token };
}
