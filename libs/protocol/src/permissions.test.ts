import { describe, expect, it } from 'vitest';
import {
  checkPermission,
  checkPublish,
  grants as grantsSchema,
  grantsOfRole,
  requiredGrants,
  roleOf,
  roles,
  sessionMethods,
  trackSources,
  visibilities,
  type Grant,
  type Grants,
  type SessionMethod,
} from './index.ts';

const methods = Object.keys(sessionMethods) as SessionMethod[];
const GRANTS: readonly Grant[] = ['canPublish', 'canSubscribe', 'canPublishData', 'canUpdateOwnMetadata'];
const nothing: Grants = {
  canPublish: false,
  canSubscribe: false,
  canPublishData: false,
  canUpdateOwnMetadata: false,
  visibility: 'listed',
  recorder: false,
};

/** The code of the error, or `permitted`. */
function outcome(check: () => void): string {
  try {
    check();
    return 'permitted';
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

describe('the table of permissions', () => {
  it('names every method of a session', () => {
    expect(Object.keys(requiredGrants).toSorted()).toEqual(methods.toSorted());
  });

  it.each(methods)('permits %s with exactly the grant that it requires', (method) => {
    const required = requiredGrants[method];
    expect(outcome(() => checkPermission(nothing, method))).toBe(
      required === 'none' ? 'permitted' : 'PERMISSION_DENIED',
    );
    for (const grant of GRANTS) {
      const permitted = required === 'none' || required === grant;
      expect(outcome(() => checkPermission({ ...nothing, [grant]: true }, method))).toBe(
        permitted ? 'permitted' : 'PERMISSION_DENIED',
      );
    }
  });

  it.each(methods)('permits a participant to %s', (method) => {
    expect(outcome(() => checkPermission(grantsOfRole.participant, method))).toBe('permitted');
  });

  it.each(methods)('denies a viewer the methods that publish and no others: %s', (method) => {
    const publishes = ['publish', 'unpublish', 'setTrackMuted'].includes(method);
    expect(outcome(() => checkPermission(grantsOfRole.viewer, method))).toBe(
      publishes ? 'PERMISSION_DENIED' : 'permitted',
    );
  });

  it.each(trackSources)('permits %s when the sources name it or are absent', (source) => {
    const all = grantsOfRole.participant;
    expect(outcome(() => checkPublish(all, source))).toBe('permitted');
    expect(outcome(() => checkPublish(nothing, source))).toBe('PERMISSION_DENIED');
    for (const granted of trackSources) {
      const only: Grants = { ...all, canPublishSources: [granted] };
      expect(outcome(() => checkPublish(only, source))).toBe(
        granted === source ? 'permitted' : 'PERMISSION_DENIED',
      );
      expect(outcome(() => checkPublish({ ...only, canPublish: false }, source))).toBe('PERMISSION_DENIED');
    }
  });

  it('tells a viewer how to get the permission', () => {
    expect(() => checkPermission(grantsOfRole.viewer, 'publish')).toThrow(
      expect.objectContaining({
        code: 'PERMISSION_DENIED',
        message: 'a viewer publishes nothing; join as a participant to publish',
        details: { method: 'publish', role: 'viewer' },
      }),
    );
  });

  it('tells a participant which grant it lacks', () => {
    expect(() => checkPermission(nothing, 'subscribe')).toThrow(
      /to subscribe: it lacks the grant canSubscribe$/,
    );
    const camera: Grants = { ...nothing, canPublish: true, canPublishSources: ['camera'] };
    expect(() => checkPublish(camera, 'screen')).toThrow(
      /to publish from screen: it lacks the grant canPublishSources$/,
    );
  });
});

describe('grants', () => {
  it.each(roles)('of a %s survive the wire and give the role back', (role) => {
    expect(grantsSchema.parse(JSON.parse(JSON.stringify(grantsOfRole[role])))).toEqual(grantsOfRole[role]);
    expect(roleOf(grantsOfRole[role])).toBe(role);
  });

  it.each(visibilities)('are stored as a participant only when %s is listed', (visibility) => {
    expect(roleOf({ visibility })).toBe(visibility === 'listed' ? 'participant' : 'viewer');
  });

  it('reject an empty list of sources, which LiveKit reads as all sources', () => {
    const parsed = grantsSchema.safeParse({ ...grantsOfRole.participant, canPublishSources: [] });
    expect(parsed.success).toBe(false);
  });
});
