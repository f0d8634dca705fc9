import { createHash } from 'node:crypto';
import { nkeys } from '@nats-io/transport-node';

type Pair = ReturnType<typeof nkeys.createUser>;

/** A NATS server's configuration with an operator and an account of its own, and the credentials file of a user of that account. */
export function userCredentials(): { readonly config: string; readonly creds: string } {
  const [operator, system, account, user] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
    nkeys.createUser(),
  ];
  const accountLimits = {
    subs: -1,
    data: -1,
    payload: -1,
    conn: -1,
    leaf: -1,
    imports: -1,
    exports: -1,
    wildcards: true,
  };
  const accountJwt = (pair: Pair, name: string): string =>
    signed(operator, pair, { name, nats: { type: 'account', version: 2, limits: accountLimits } });
  const operatorNats = { type: 'operator', version: 2, system_account: system.getPublicKey() };
  const operatorJwt = signed(operator, operator, { name: 'test', nats: operatorNats });
  const userNats = { type: 'user', version: 2, subs: -1, data: -1, payload: -1 };
  const userJwt = signed(account, user, { name: 'skein', nats: userNats });
  const seed = Buffer.from(user.getSeed()).toString();
  return {
    config: `operator: ${operatorJwt}
resolver: MEMORY
resolver_preload: {
  ${system.getPublicKey()}: ${accountJwt(system, 'system')}
  ${account.getPublicKey()}: ${accountJwt(account, 'skein')}
}
`,
    creds: `${framed('NATS USER JWT', userJwt)}\n${framed('USER NKEY SEED', seed)}`,
  };
}

function framed(what: string, text: string): string {
  return `-----BEGIN ${what}-----\n${text}\n------END ${what}------\n`;
}

/** A JWT of NATS (ADR-14 of nats-architecture-and-design): signed by an NKey, its id the hash of its claims. */
function signed(issuer: Pair, subject: Pair, claims: object): string {
  const body = { iat: 1_700_000_000, iss: issuer.getPublicKey(), sub: subject.getPublicKey(), ...claims };
  const jti = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({ jti, ...body })}`;
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`;
}
