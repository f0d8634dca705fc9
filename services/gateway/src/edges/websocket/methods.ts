import {
  type ClientMethod,
  clientMethods,
  type ClientRequest,
  type ClientResponse,
  parseInput,
  PROTOCOL_VERSION,
  type SessionMethod,
  type SessionRequest,
} from '@skein/protocol';
import type { Entered, Entering, Entrance, GatewayParticipant } from '../../participants/entrance.ts';
import { GatewayError } from '../../participants/errors.ts';
import type { RateCost } from './rates.ts';

/**
 * A method of the protocol. `enter`: brings the client into a room. `call`: a call of its participant, which fails when its
 * sessions are over unless `alsoWhenOver`. `leave`: the client leaves and the connection closes.
 */
export type Method =
  | { readonly kind: 'enter'; readonly enter: (data: unknown) => Enter }
  | {
      readonly kind: 'call';
      readonly call: (participant: GatewayParticipant, data: unknown) => unknown;
      readonly alsoWhenOver: boolean;
      /** Tokens that it takes from the connection's rate limits. */
      readonly cost: RateCost | undefined;
    }
  | { readonly kind: 'leave'; readonly parse: (data: unknown) => void };

export type Enter = (entrance: Entrance, from: Entering) => Promise<Entered<unknown>>;

/** Everyone in the room is notified, and subscribes or unsubscribes. */
const PUBLISHING: RateCost = { rate: 'changes', tokens: 4 };
const MUTING: RateCost = { rate: 'changes', tokens: 1 };
const SYNC: RateCost = { rate: 'syncs', tokens: 1 };
/** The largest state has some dozens of pages, which are read at once. */
const PAGE: RateCost = { rate: 'syncs', tokens: 1 / 64 };

const methods: { readonly [Name in ClientMethod]: Method } = {
  join: enter('join', (request) => (entrance, from) => entrance.join(request, from)),
  resume: enter('resume', (request) => (entrance, from) => entrance.resume(request, from)),
  finishMove: call('finishMove', (participant, { epoch }) => {
    participant.finishMove(epoch);
    return {};
  }),
  connectTransport: forward('connectTransport'),
  restartIce: forward('restartIce'),
  reportMediaLoss: forward('reportMediaLoss'),
  publish: forward('publish', PUBLISHING),
  unpublish: forward('unpublish', PUBLISHING),
  setTrackMuted: forward('setTrackMuted', MUTING),
  subscribe: forward('subscribe'),
  subscribeMany: forward('subscribeMany'),
  updateSubscriptions: forward('updateSubscriptions'),
  unsubscribe: forward('unsubscribe'),
  sync: call('sync', (participant, { version }) => participant.sync(version), { cost: SYNC }),
  roomPage: call('roomPage', (participant, { version, page }) => participant.roomPage(version, page), {
    cost: PAGE,
  }),
  ping: call('ping', () => ({}), { alsoWhenOver: true }),
  leave: { kind: 'leave', parse: (data) => parseInput(clientMethods.leave.request, data) },
};

function enter<Name extends 'join' | 'resume'>(
  name: Name,
  run: (request: ClientRequest<Name>) => Enter,
): Method {
  const schema = clientMethods[name].request;
  return {
    kind: 'enter',
    enter: (data) => {
      checkProtocolVersion(data);
      return run(parseInput(schema, data) as ClientRequest<Name>);
    },
  };
}

function call<Name extends ClientMethod>(
  name: Name,
  run: (
    participant: GatewayParticipant,
    request: ClientRequest<Name>,
  ) => Promise<ClientResponse<Name>> | ClientResponse<Name>,
  { cost, alsoWhenOver = false }: { cost?: RateCost | undefined; alsoWhenOver?: boolean } = {},
): Method {
  const schema = clientMethods[name].request;
  return {
    kind: 'call',
    cost,
    alsoWhenOver,
    call: (participant, data) => run(participant, parseInput(schema, data) as ClientRequest<Name>),
  };
}

/** The session's node answers it. */
function forward<Name extends ClientMethod & SessionMethod>(name: Name, cost?: RateCost): Method {
  return call(
    name,
    async (participant, request) =>
      (await participant.request(
        name,
        request as unknown as SessionRequest<Name>,
      )) as unknown as ClientResponse<Name>,
    { cost },
  );
}

// Checked before the schema: another version's request may differ in any other field.
function checkProtocolVersion(data: unknown): void {
  const offered = (data as { protocolVersion?: unknown } | null)?.protocolVersion;
  if (typeof offered === 'number' && offered !== PROTOCOL_VERSION)
    throw GatewayError.unsupportedProtocol(offered);
}

/** Fails `UNKNOWN_METHOD`. */
export function methodNamed(name: string): Method {
  if (!Object.hasOwn(methods, name)) throw GatewayError.unknownMethod(name);
  return methods[name as ClientMethod];
}
