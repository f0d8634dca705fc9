import type {
  ClientMethod,
  ClientRequestInput,
  ClientResponse,
  RoomSnapshot,
  VersionedChange,
} from '@skein/protocol';
import { SkeinClientError } from '../errors/client-error.ts';

/** Sends a request to the gateway, over the current socket. */
export type SendRequest = <Method extends ClientMethod>(
  method: Method,
  data: ClientRequestInput<Method>,
) => Promise<ClientResponse<Method>>;

/** The complete state of a room since a version. */
export type NewerState =
  { readonly changes: readonly VersionedChange[] } | { readonly snapshot: RoomSnapshot };

/** One travels while the next one is requested; more would only queue at the gateway. */
const PAGES_IN_FLIGHT = 2;
/** Attempts when the gateway no longer has the pages of a state. */
const ATTEMPTS = 3;

/** Completes a state whose first page came with an answer or an event. Fails as `roomPage` or `sync` do. */
export async function wholeRoom(first: RoomSnapshot, send: SendRequest): Promise<RoomSnapshot> {
  let snapshot = first;
  for (let attempt = 1; ; attempt++) {
    try {
      return await withPages(snapshot, send);
    } catch (thrown) {
      const error = SkeinClientError.from(thrown);
      if (error.code !== 'INVALID_ARGUMENT' || attempt === ATTEMPTS) throw error;
    }
    const state = await send('sync', { version: 0 });
    if (!('snapshot' in state))
      throw SkeinClientError.incompleteAnswer('the gateway has no state of the room');
    ({ snapshot } = state);
  }
}

/** Completes an answer that is a state or a list of changes with more to follow. */
export async function wholeState(first: ClientResponse<'sync'>, send: SendRequest): Promise<NewerState> {
  const changes: VersionedChange[] = [];
  let state = first;
  for (;;) {
    if ('snapshot' in state) return { snapshot: await wholeRoom(state.snapshot, send) };
    changes.push(...state.changes);
    const last = changes.at(-1);
    if (!state.more || !last) return { changes };
    state = await send('sync', { version: last.version });
  }
}

async function withPages({ pages = 1, ...snapshot }: RoomSnapshot, send: SendRequest): Promise<RoomSnapshot> {
  const { version } = snapshot;
  const received: ClientResponse<'roomPage'>[] = [];
  let next = 1;
  const fetchPages = async (): Promise<void> => {
    while (next < pages) {
      const page = next++;
      received[page] = await send('roomPage', { version, page });
    }
  };
  await Promise.all(Array.from({ length: PAGES_IN_FLIGHT }, fetchPages));
  return {
    ...snapshot,
    participants: [...snapshot.participants, ...received.flatMap(({ participants }) => participants)],
    tracks: [...snapshot.tracks, ...received.flatMap(({ tracks }) => tracks)],
  };
}
