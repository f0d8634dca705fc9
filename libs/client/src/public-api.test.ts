import { readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as sdk from './index.ts';
import type {
  LocalParticipant,
  LocalTrack,
  RemoteParticipant,
  RemoteTrack,
  Room,
  RoomEvents,
} from './index.ts';

// The members that users see. `npm run check` compiles these; a member that is added or removed has to be changed here, in the
// changelog and in docs/client-sdk.md.
describe('the public API', () => {
  it('exports `connect` and the error class', () => {
    expect(Object.keys(sdk).toSorted()).toEqual(['SkeinClientError', 'connect']);
    expectTypeOf<keyof typeof sdk.SkeinClientError>().toEqualTypeOf<'from'>();
  });

  it('narrows a thrown value with instanceof, and offers no constructor', () => {
    const thrown: unknown = sdk.SkeinClientError.from(new Error('refused'));
    if (!(thrown instanceof sdk.SkeinClientError)) throw new Error('instanceof does not know the error');
    expectTypeOf(thrown.code).toEqualTypeOf<sdk.ClientErrorCode>();
    expect([thrown.code, thrown.name]).toEqual(['MEDIA_FAILED', 'SkeinClientError']);
    expectTypeOf<IsConstructible<typeof sdk.SkeinClientError>>().toEqualTypeOf<false>();
  });

  it('shows the members of a room that users may call', () => {
    expectTypeOf<keyof Room>().toEqualTypeOf<
      | 'connection'
      | 'gateways'
      | 'leave'
      | 'localParticipant'
      | 'name'
      | 'on'
      | 'participants'
      | 'publish'
      | 'snapshot'
      | 'stats'
      | 'subscribe'
      | 'viewers'
    >();
  });

  it('shows the members of participants that users may read', () => {
    expectTypeOf<keyof RemoteParticipant>().toEqualTypeOf<
      'connection' | 'identity' | 'joinedAtMs' | 'metadata' | 'name' | 'nodeId' | 'tracks'
    >();
    expectTypeOf<keyof LocalParticipant>().toEqualTypeOf<
      'identity' | 'metadata' | 'name' | 'nodeId' | 'role' | 'sessionId' | 'tracks'
    >();
  });

  it('shows the members of tracks that users may call', () => {
    expectTypeOf<keyof LocalTrack>().toEqualTypeOf<
      | 'captureSize'
      | 'captureState'
      | 'id'
      | 'kind'
      | 'mediaStreamTrack'
      | 'mute'
      | 'muted'
      | 'name'
      | 'replaceTrack'
      | 'source'
      | 'stats'
      | 'stop'
      | 'unmute'
      | 'unpublish'
    >();
    expectTypeOf<keyof RemoteTrack>().toEqualTypeOf<
      | 'attach'
      | 'audioLevel'
      | 'currentLayers'
      | 'detach'
      | 'enabled'
      | 'id'
      | 'identity'
      | 'kind'
      | 'mediaStreamTrack'
      | 'mimeType'
      | 'muted'
      | 'name'
      | 'nodeId'
      | 'pictureSize'
      | 'preferredLayers'
      | 'setEnabled'
      | 'setPreferredLayers'
      | 'source'
      | 'spatialLayers'
      | 'stats'
      | 'subscribe'
      | 'subscribed'
      | 'temporalLayers'
      | 'unsubscribe'
    >();
  });

  it('lists every event in the documentation', () => {
    const events = {
      connectionStateChanged: true,
      error: true,
      localTrackCaptureChanged: true,
      localTrackEnded: true,
      localTrackPublished: true,
      localTrackUnpublished: true,
      participantJoined: true,
      participantLeft: true,
      participantUpdated: true,
      playbackBlocked: true,
      sessionClosed: true,
      subscriptionLayersChanged: true,
      trackMuted: true,
      trackPublished: true,
      trackSubscribed: true,
      trackUnmuted: true,
      trackUnpublished: true,
      trackUnsubscribed: true,
      viewersChanged: true,
    } satisfies Record<keyof RoomEvents, true>;
    const table = [...documentation().matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
    expect(table.filter((name) => name! in events).toSorted()).toEqual(Object.keys(events).toSorted());
  });

  it('joins a room in a page of less than 30 lines, which the documentation shows', () => {
    const example = readFileSync(new URL('testing/own-page.ts', import.meta.url), 'utf8');
    expect(example.trimEnd().split('\n').length).toBeLessThan(30);
    expect(documentation()).toContain(example.replace('../index.ts', '@skein/client'));
  });
});

type IsConstructible<Class> = Class extends new (...args: never[]) => unknown ? true : false;

function documentation(): string {
  return readFileSync(new URL('../../../docs/client-sdk.md', import.meta.url), 'utf8');
}
