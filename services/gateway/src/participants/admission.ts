import { type Grants, grantsOfRole, type JoinRequest } from '@skein/protocol';
import type { IdSource } from '@skein/runtime';
import { GatewayError } from './errors.ts';

/** What a client proves itself with, as its edge received it. Only admission reads it. */
export interface Credentials {
  /** A bearer token. No policy reads it yet. */
  readonly token?: string;
}

export interface Admitted {
  readonly identity: string;
  readonly grants: Grants;
}

/** Decides who may connect and join. The only part of the gateway that reads tokens. */
export interface Admission {
  /** Called before a connection is accepted. Rejects with the error that refuses it. */
  admitConnection(credentials: Credentials): Promise<void>;
  /** Called for every join. Rejects with `PERMISSION_DENIED` when the request asks for more than the client may do. */
  admitJoin(request: JoinRequest, credentials: Credentials): Promise<Admitted>;
}

export interface OpenAdmissionOptions {
  /** Whether a join may name its media node. */
  readonly nodeChoice: boolean;
}

/** Admits everyone, under the identity and in the role that they ask for; without an identity they get a new one. */
export class OpenAdmission implements Admission {
  readonly #ids: IdSource;
  readonly #options: OpenAdmissionOptions;

  constructor(ids: IdSource, options: OpenAdmissionOptions) {
    this.#ids = ids;
    this.#options = options;
  }

  admitConnection(): Promise<void> {
    return Promise.resolve();
  }

  async admitJoin({ identity, role, nodeId }: JoinRequest): Promise<Admitted> {
    if (nodeId !== undefined && !this.#options.nodeChoice) throw GatewayError.nodeChoice();
    return await Promise.resolve({
      identity: identity ?? this.#ids('usr'),
      grants: grantsOfRole[role],
    });
  }
}
