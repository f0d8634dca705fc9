import { SkeinError } from './errors.ts';
import { roleOf, type Grants } from './grants.ts';
import type { SessionMethod } from './node-messages.ts';
import type { TrackSource } from './track-kinds.ts';

/** The grants that a method can require. */
export type Grant = 'canPublish' | 'canSubscribe' | 'canPublishData' | 'canUpdateOwnMetadata';

/**
 * The grant that each method of a session requires. The media node enforces this table; the gateway reads it to answer
 * early. `none`: the method gives nothing that admission has not given already, or it only gives something up.
 */
export const requiredGrants: Readonly<Record<SessionMethod, Grant | 'none'>> = {
  open: 'none',
  attach: 'none',
  detach: 'none',
  close: 'none',
  connectTransport: 'none',
  restartIce: 'none',
  reportMediaLoss: 'none',
  publish: 'canPublish',
  unpublish: 'canPublish',
  setTrackMuted: 'canPublish',
  subscribe: 'canSubscribe',
  subscribeMany: 'canSubscribe',
  updateSubscriptions: 'canSubscribe',
  unsubscribe: 'none',
};

/** Fails `PERMISSION_DENIED` when `method` requires a grant that `grants` do not hold. */
export function checkPermission(grants: Grants, method: SessionMethod): void {
  const required = requiredGrants[method];
  if (required !== 'none' && !grants[required]) throw denied(grants, method, required);
}

/** Fails `PERMISSION_DENIED` when `grants` do not permit to publish from `source`. */
export function checkPublish(grants: Grants, source: TrackSource): void {
  checkPermission(grants, 'publish');
  const { canPublishSources } = grants;
  if (canPublishSources && !canPublishSources.includes(source))
    throw denied(grants, 'publish', 'canPublishSources', `to publish from ${source}`);
}

function denied(
  grants: Grants,
  method: SessionMethod,
  missing: Grant | 'canPublishSources',
  what = `to ${method}`,
): SkeinError {
  const role = roleOf(grants);
  const message =
    role === 'viewer' && missing === 'canPublish'
      ? `a viewer publishes nothing; join as a participant to ${method}`
      : `this participant is not permitted ${what}: it lacks the grant ${missing}`;
  return new SkeinError('PERMISSION_DENIED', message, { details: { method, role } });
}
