import type {
  ClientMethod,
  ClientRequestInput,
  ClientResponse,
  RoomSnapshot,
  VersionedChange,
} from '@skein/protocol';
import { SkeinClientError } from '../errors/client-error.ts';

/** Asks the gateway, over whichever socket. */
export type Ask = <Method extends ClientMethod>(
  method: Method,
  data: ClientRequestInput<Method>,
) => Promise<ClientResponse<Method>>;

/** What a room has come to since a version, whole. */
export type NewerState =
  { readonly changes: readonly VersionedChange[] } | { readonly snapshot: RoomSnapshot };

/** One is on its way while the next one is asked for; more would only queue at the gateway. */
const PAGES_IN_FLIGHT = 2;
/** How often the state is asked for anew when its pages are not held any more. */
const ATTEMPTS = 3;

/** A room's state whose first page came with an answer or an event: the rest is asked for. Fails as `roomPage` or `sync` do. */
export async function wholeRoom(first: RoomSnapshot, ask: Ask): Promise<RoomSnapshot> {
  let snapshot = first;
  for (let attempt = 1; ; attempt++) {
    try {
      return await withPages(snapshot, ask);
    } catch (thrown) {
      const error = SkeinClientError.from(thrown);
      if (error.code !== 'INVALID_ARGUMENT' || attempt === ATTEMPTS) throw error;
    }
    const state = await ask('sync', { version: 0 });
    if (!('snapshot' in state))
      throw new SkeinClientError('INTERNAL', 'the gateway has no state of the room');
    ({ snapshot } = state);
  }
}

/** The same for an answer that may be a list of changes, of which more may follow. */
export async function wholeState(first: ClientResponse<'sync'>, ask: Ask): Promise<NewerState> {
  const changes: VersionedChange[] = [];
  let state = first;
  for (;;) {
    if ('snapshot' in state) return { snapshot: await wholeRoom(state.snapshot, ask) };
    changes.push(...state.changes);
    const last = changes.at(-1);
    if (!state.more || !last) return { changes };
    state = await ask('sync', { version: last.version });
  }
}

async function withPages({ pages = 1, ...snapshot }: RoomSnapshot, ask: Ask): Promise<RoomSnapshot> {
  const { version } = snapshot;
  const got: ClientResponse<'roomPage'>[] = [];
  let next = 1;
  const fetchSome = async (): Promise<void> => {
    while (next < pages) {
      const page = next++;
      got[page] = await ask('roomPage', { version, page });
    }
  };
  await Promise.all(Array.from({ length: PAGES_IN_FLIGHT }, fetchSome));
  return {
    ...snapshot,
    participants: [...snapshot.participants, ...got.flatMap(({ participants }) => participants)],
    tracks: [...snapshot.tracks, ...got.flatMap(({ tracks }) => tracks)],
  };
}
