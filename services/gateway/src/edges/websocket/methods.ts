import { clientMethods, parseInput, PROTOCOL_VERSION } from '@skein/protocol';
import type {
  ClientMethod,
  ClientRequest,
  ClientResponse,
  SessionMethod,
  SessionRequest,
} from '@skein/protocol';
import type { Stay } from '../../participants/participant-session.ts';
import type { RateCost } from './rates.ts';
import { refusals } from '../../participants/errors.ts';

/** What a method may do with the connection that it came over. */
export interface MethodHost {
  /** The client's stay in its room, also when it is over. Fails `NOT_JOINED`. */
  stay(method: string): Stay;
  join(request: ClientRequest<'join'>): Promise<ClientResponse<'join'>>;
  resume(request: ClientRequest<'resume'>): Promise<ClientResponse<'resume'>>;
  leave(): Promise<void>;
  hangUp(): void;
}

interface Method<Name extends ClientMethod> {
  /** `session`: only while in the room. `joinedOnce`: also when the stay is over. `nothing`: always. */
  readonly needs: 'session' | 'joinedOnce' | 'nothing';
  readonly run: (host: MethodHost, data: ClientRequest<Name>) => Promise<ClientResponse<Name>>;
  /** Looks at data before its schema does, when a better error can be given. */
  readonly precheck?: (data: unknown) => void;
  /** Runs when the answer has been sent. */
  readonly afterAnswer?: (host: MethodHost) => void;
  /** It brings the client into a room. */
  readonly enters?: boolean;
  /** What it takes of the connection's rate limits. */
  readonly cost?: RateCost;
}

export type AnyMethod = {
  readonly needs: Method<'join'>['needs'];
  readonly call: (host: MethodHost, data: unknown) => Promise<unknown>;
  readonly afterAnswer?: (host: MethodHost) => void;
  readonly enters: boolean;
  readonly cost: RateCost | undefined;
};

type Forwarded = ClientMethod & SessionMethod;

/** Everybody in the room is told, and subscribes or unsubscribes. */
const PUBLISHING: RateCost = { rate: 'changes', tokens: 4 };
const MUTING: RateCost = { rate: 'changes', tokens: 1 };
const SYNC: RateCost = { rate: 'syncs', tokens: 1 };
/** A state of any size comes in some dozens of pages, at once. */
const PAGE: RateCost = { rate: 'syncs', tokens: 1 / 64 };

/** The session's node answers it. */
function forwarded<Name extends Forwarded>(name: Name, cost?: RateCost): Method<Name> {
  return {
    needs: 'session',
    ...(cost && { cost }),
    run: async (host, data) =>
      (await host
        .stay(name)
        .ask(name, data as unknown as SessionRequest<Name>)) as unknown as ClientResponse<Name>,
  };
}

const methods: { readonly [Name in ClientMethod]: Method<Name> } = {
  join: {
    needs: 'nothing',
    precheck: checkProtocolVersion,
    run: (host, data) => host.join(data),
    enters: true,
  },
  resume: {
    needs: 'nothing',
    precheck: checkProtocolVersion,
    run: (host, data) => host.resume(data),
    enters: true,
  },
  finishMove: {
    needs: 'session',
    run: (host, { epoch }) => {
      host.stay('finishMove').finishMove(epoch);
      return Promise.resolve({});
    },
  },
  connectTransport: forwarded('connectTransport'),
  restartIce: forwarded('restartIce'),
  reportMediaLoss: forwarded('reportMediaLoss'),
  publish: forwarded('publish', PUBLISHING),
  unpublish: forwarded('unpublish', PUBLISHING),
  setTrackMuted: forwarded('setTrackMuted', MUTING),
  subscribe: forwarded('subscribe'),
  subscribeMany: forwarded('subscribeMany'),
  updateSubscriptions: forwarded('updateSubscriptions'),
  unsubscribe: forwarded('unsubscribe'),
  sync: { needs: 'session', cost: SYNC, run: (host, { version }) => host.stay('sync').sync(version) },
  roomPage: {
    needs: 'session',
    cost: PAGE,
    run: (host, { version, page }) => Promise.resolve(host.stay('roomPage').roomPage(version, page)),
  },
  ping: { needs: 'joinedOnce', run: () => Promise.resolve({}) },
  leave: {
    needs: 'joinedOnce',
    run: async (host) => {
      await host.leave();
      return {};
    },
    afterAnswer: (host) => host.hangUp(),
  },
};

// Another version's request may differ in any other field, so that its version is looked at first.
function checkProtocolVersion(data: unknown): void {
  const offered = (data as { protocolVersion?: unknown } | null)?.protocolVersion;
  if (typeof offered === 'number' && offered !== PROTOCOL_VERSION)
    throw refusals.unsupportedProtocol(offered);
}

const table: ReadonlyMap<string, AnyMethod> = new Map(
  (Object.keys(methods) as ClientMethod[]).map((name) => [name, callable(name, methods[name])]),
);

function callable(name: ClientMethod, method: unknown): AnyMethod {
  const { needs, run, precheck, afterAnswer, enters = false, cost } = method as Method<ClientMethod>;
  const schema = clientMethods[name].request;
  return {
    needs,
    enters,
    cost,
    call: (host, data) => {
      precheck?.(data);
      return run(host, parseInput(schema, data));
    },
    ...(afterAnswer && { afterAnswer }),
  };
}

/** The method of that name. Fails `UNKNOWN_METHOD`. */
export function methodNamed(name: string): AnyMethod {
  const method = table.get(name);
  if (!method) throw refusals.unknownMethod(name);
  return method;
}
