import { z } from 'zod';
import type { Role } from './roles.ts';
import { trackSources } from './track-kinds.ts';

/** How others see a member of a room. */
export const visibilities = [
  /** In the list of participants; its joining and leaving are changes of the room. */
  'listed',
  /** Only a number: one of the room's viewers. */
  'counted',
  /** Nothing shows it. No preset uses it, and the store has no place for such members yet. */
  'hidden',
] as const;
export type Visibility = (typeof visibilities)[number];

/**
 * What one participant may do in its room, as admission decided. Joining is implied. The names are those of LiveKit's
 * video grant (`protocol/auth/grants.go`), except for `visibility`, which also knows viewers. The gateway sends them
 * with `open`; the media node enforces them.
 */
export const grants = z.object({
  canPublish: z.boolean(),
  /** With `canPublish`: only these sources. Absent: all of them. */
  canPublishSources: z.array(z.enum(trackSources)).min(1).max(trackSources.length).optional(),
  canSubscribe: z.boolean(),
  canPublishData: z.boolean(),
  canUpdateOwnMetadata: z.boolean(),
  visibility: z.enum(visibilities),
  /** Others may tell their users that the room is recorded. Permits nothing. */
  recorder: z.boolean(),
});
export type Grants = Readonly<z.infer<typeof grants>>;

const participant: Grants = {
  canPublish: true,
  canSubscribe: true,
  canPublishData: true,
  canUpdateOwnMetadata: true,
  visibility: 'listed',
  recorder: false,
};

/** The grants of a client that names only its role. */
export const grantsOfRole: Readonly<Record<Role, Grants>> = {
  participant,
  viewer: {
    ...participant,
    canPublish: false,
    canPublishData: false,
    canUpdateOwnMetadata: false,
    visibility: 'counted',
  },
};

/** The role as which the store lists a member that has these grants. */
export function roleOf({ visibility }: Pick<Grants, 'visibility'>): Role {
  return visibility === 'listed' ? 'participant' : 'viewer';
}
