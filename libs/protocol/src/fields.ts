import { z } from 'zod';
import { limits } from './limits.ts';

// Controls (Unicode category Cc), line and paragraph separators, and bidirectional overrides, which let one name pose as another.
const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

// A lone surrogate has no UTF-8 form: other JSON parsers reject it, and every encoder replaces it with the same U+FFFD.
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether `value` has a UTF-8 form, that is, holds no lone surrogate (`String.prototype.isWellFormed` of ES2024). */
export function isWellFormedText(value: string): boolean {
  return !LONE_SURROGATE.test(value);
}

/**
 * Well-formed Unicode text of at most `maxLength` UTF-16 units (absent: no limit). Every string field of every message
 * uses this or a pattern, so that all processes and the store can read what one of them accepts.
 */
export function text(maxLength?: number): z.ZodString {
  const bounded =
    maxLength === undefined
      ? z.string()
      : z.string().max(maxLength, `must have at most ${maxLength} characters`);
  return bounded.refine(isWellFormedText, 'must be well-formed Unicode: it holds half of a surrogate pair');
}

function printable(maxLength: number): z.ZodString {
  return text(maxLength)
    .min(1, 'must not be empty')
    .refine((text) => !CONTROL.test(text), 'must not contain control characters')
    .refine((text) => text.trim() !== '', 'must not be blank');
}

/** 1-128 characters without control characters. */
export const roomName = printable(limits.idLength);
/** A participant's identity, unique in its room. */
export const identity = printable(limits.idLength);
export const displayName = printable(limits.nameLength);
export const metadata = text(limits.metadataLength);
/** Ids made by the cluster or the client: node, session, track, subscription, request. */
export const opaqueId = z.string().regex(/^[\w.:-]{1,64}$/, 'must be 1-64 of letters, digits and _ . : -');
/** Rises with every placement of a participant; at least milliseconds since 1970, so that it rises even after the store is lost. */
export const epoch = z.number().int().nonnegative();
/** A room's position in its log. */
export const roomVersion = z.number().int().nonnegative();

export type RoomName = string;
export type Identity = string;
export type NodeId = string;
export type SessionId = string;
export type TrackId = string;
export type SubscriptionId = string;
