import {
  isWellFormedText,
  parseInput,
  participant as participantSchema,
  SkeinError,
  track as trackSchema,
  versionedChange,
  viewership as viewershipSchema,
  type Participant,
  type Track,
  type VersionedChange,
  type Viewership,
} from '@skein/protocol';

/*
 * The entries of a room's hashes: fields that scripts read, then JSON that only this module reads. Reads validate them:
 * somebody may have written to the store by hand, and one unreadable entry must not hide the others.
 */

/** Marks a stay without an id. */
export const NO_STAY = '-';

const profileSchema = participantSchema.pick({ identity: true, name: true, metadata: true, sessionId: true });

/**
 * The profile that a client gave, as JSON. Fails `INVALID_ARGUMENT` for what could not be read back, such as text without a
 * UTF-8 form; so do the other entries.
 */
export function profileJson(
  member: Pick<Participant, 'identity' | 'name' | 'metadata' | 'sessionId'>,
): string {
  const { name, metadata } = parseInput(profileSchema, member, 'participant');
  return JSON.stringify({ name, metadata });
}

/** The entry of a member whose claim on its identity is unknown: any client may take over. */
export function memberEntry(member: Participant): string {
  const checked = parseInput(participantSchema, member, 'participant');
  const { sessionId, nodeId, epoch, joinedAtMs, connection, name, metadata } = checked;
  const online = connection === 'lost' ? 0 : 1;
  const profile = JSON.stringify({ name, metadata });
  return `${epoch} 0 ${joinedAtMs} ${nodeId} ${sessionId} ${NO_STAY} ${online} ${profile}`;
}

/** `undefined` for a malformed entry. */
export function readMember(identity: string, entry: string): Participant | undefined {
  const [, epoch, , joinedAtMs, nodeId, sessionId, , online, profile] =
    /^(\d+) (\d+) (-?\d+) (\S+) (\S+) (\S+) ([01]) (\{.+\})$/s.exec(entry) ?? [];
  const placed = { sessionId, nodeId, epoch: Number(epoch), joinedAtMs: Number(joinedAtMs) };
  const lost = online === '0' && { connection: 'lost' };
  const member = { ...readJson<object>(profile), identity, ...placed, ...lost };
  return participantSchema.safeParse(member).data;
}

/** Equal tracks give equal text, whatever the order of their fields, so that a repeated call is recognised. */
export function trackEntry(track: Track): string {
  const { trackId: _field, epoch, muted, ...rest } = parseInput(trackSchema, track, 'track');
  const sorted = Object.entries(rest).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `${epoch} ${muted ? 1 : 0} ${JSON.stringify(Object.fromEntries(sorted))}`;
}

/** `undefined` for a malformed entry. */
export function readTrack(trackId: string, entry: string): Track | undefined {
  const [, epoch, muted, rest] = /^(\d+) ([01]) (\{.+\})$/s.exec(entry) ?? [];
  const track = { ...readJson<object>(rest), trackId, epoch: Number(epoch), muted: muted === '1' };
  return trackSchema.safeParse(track).data;
}

/** From version, change, version, change, …; `undefined` when one of them is malformed. */
export function readChanges(flat: readonly string[]): readonly VersionedChange[] | undefined {
  const changes: VersionedChange[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    const version = Number.parseInt(flat[at] ?? '', 10);
    const read = versionedChange.safeParse({ version, change: readJson(flat[at + 1]) });
    if (!read.success) return undefined;
    changes.push(read.data);
  }
  return changes;
}

/** Empty without a stored viewership. */
export function readViewership(json: string | null | undefined): { readonly viewership?: Viewership } {
  const read = json ? viewershipSchema.safeParse(readJson(json)) : undefined;
  return read?.success ? { viewership: read.data } : {};
}

/** Replaces invalid UTF-8 in what is read. */
const REPLACEMENT = '\ufffd';

/**
 * The readable entries of a hash (field, value, field, value, …), and how many are damaged: unreadable, or with U+FFFD, which
 * a name may contain, or which may replace invalid bytes.
 */
export function readEntries<Value>(
  flat: readonly string[],
  read: (field: string, entry: string) => Value | undefined,
): { readonly values: Value[]; readonly damaged: number } {
  const values: Value[] = [];
  let damaged = 0;
  for (let at = 0; at < flat.length; at += 2) {
    const [field = '', entry = ''] = [flat[at], flat[at + 1]];
    const value = read(field, entry);
    if (value !== undefined) values.push(value);
    if (value === undefined || field.includes(REPLACEMENT) || entry.includes(REPLACEMENT)) damaged++;
  }
  return { values, damaged };
}

export function checkText(field: string, text: string): void {
  if (!isWellFormedText(text)) throw SkeinError.invalidArgument(field, 'must be well-formed Unicode');
}

/** `undefined` for invalid JSON. */
export function readJson<Value>(json: string | undefined): Value | undefined {
  try {
    return json === undefined ? undefined : (JSON.parse(json) as Value);
  } catch {
    return undefined;
  }
}

/** Orders participants by when they joined, the earliest first. */
export function byArrival(one: Participant, other: Participant): number {
  return one.joinedAtMs - other.joinedAtMs || (one.identity < other.identity ? -1 : 1);
}
