import { z } from 'zod';
import { limits } from './limits.ts';

// Controls (Unicode category Cc), line and paragraph separators, and bidirectional overrides, which let one name pose as another.
const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

function printable(maxLength: number): z.ZodString {
  return z
    .string()
    .min(1, 'must not be empty')
    .max(maxLength, `must have at most ${maxLength} characters`)
    .refine((text) => !CONTROL.test(text), 'must not contain control characters')
    .refine((text) => text.trim() !== '', 'must not be blank');
}

/** Room names: 1-128 characters, none of them a control character. */
export const roomName = printable(limits.idLength);
/** A participant's identity, unique in its room. */
export const identity = printable(limits.idLength);
export const displayName = printable(limits.nameLength);
export const metadata = z
  .string()
  .max(limits.metadataLength, `must have at most ${limits.metadataLength} characters`);
/** Ids that the cluster or the client makes: node, session, track, subscription, request. */
export const opaqueId = z.string().regex(/^[\w.:-]{1,64}$/, 'must be 1-64 of letters, digits and _ . : -');
/** Raised every time a participant is placed again; milliseconds since 1970 at least, so that it rises even when the store is lost. */
export const epoch = z.number().int().nonnegative();
/** A room's position in its log. */
export const roomVersion = z.number().int().nonnegative();

export type RoomName = string;
export type Identity = string;
export type NodeId = string;
export type SessionId = string;
export type TrackId = string;
export type SubscriptionId = string;
