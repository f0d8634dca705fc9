/** What a cluster holds beyond its services themselves. */
export interface Holdings {
  /** `GetStatus.counts` of each node that runs, by node id; `undefined` when it did not answer. */
  readonly counts: ReadonlyMap<string, Readonly<Record<string, number>> | undefined>;
  /** Redis keys of rooms; `undefined` when the store did not answer. */
  readonly roomKeys: readonly string[] | undefined;
  /** NATS subjects that services listen on, once for each subscription; `undefined` when NATS did not answer. */
  readonly subjects: readonly string[] | undefined;
  /** Resident bytes of each process and its children, by its name. */
  readonly memory: ReadonlyMap<string, number>;
}

/** By how much a process may have grown since the call had begun, before it counts as a leak. */
export const MEMORY_MARGIN_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;

/** What is left at the end that was not there at the start, in words. Nobody is in any room at either time. */
export function leaksOf(start: Pick<Holdings, 'subjects'>, end: Omit<Holdings, 'memory'>): string[] {
  return [
    ...[...end.counts].flatMap(([nodeId, counts]) => heldBy(nodeId, counts)),
    ...(end.roomKeys?.map((key) => `Redis key ${key}`) ?? ['Redis did not answer']),
    ...leftSubjects(start, end),
  ];
}

/** Which sides show nothing of a call that runs, in words: a check that is blind there would find no leak either. */
export function blindSides(start: Pick<Holdings, 'subjects'>, during: Omit<Holdings, 'memory'>): string[] {
  const held = [...during.counts].flatMap(([nodeId, counts]) => (counts ? heldBy(nodeId, counts) : []));
  return [
    ...(held.length === 0 ? ['no node shows anything of a running call'] : []),
    ...(during.roomKeys?.length ? [] : ['Redis shows no key of a room with people']),
    ...(start.subjects && during.subjects && leftSubjects(start, during).length > 0
      ? []
      : ['NATS shows no subscription of a running call']),
  ];
}

export interface Growth {
  readonly name: string;
  readonly bytes: number;
  readonly moreBytes: number;
}

/**
 * By how much each process grew. One that was started later is compared with the largest of its kind: its name without a
 * number.
 */
export function growthOf(warm: Holdings['memory'], end: Holdings['memory']): Growth[] {
  return [...end].flatMap(([name, bytes]) => {
    const kin = [...warm].filter(([one]) => kindOf(one) === kindOf(name)).map(([, of]) => of);
    const before = warm.get(name) ?? Math.max(...kin);
    return Number.isFinite(before) ? [{ name, bytes, moreBytes: bytes - before }] : [];
  });
}

/** Which processes grew by more than the margin, in words. */
export function grown(growths: readonly Growth[]): string[] {
  return growths.filter(({ moreBytes }) => moreBytes > MEMORY_MARGIN_BYTES).map(describeGrowth);
}

export function describeGrowth({ name, bytes, moreBytes }: Growth): string {
  return `${name} holds ${inMiB(bytes)}, ${inMiB(moreBytes)} more than when the call had begun`;
}

function heldBy(nodeId: string, counts: Readonly<Record<string, number>> | undefined): string[] {
  if (!counts) return [`${nodeId} did not answer`];
  return Object.entries(counts)
    .filter(([, count]) => count !== 0)
    .map(([what, count]) => `${nodeId}: ${count} ${what}`);
}

function leftSubjects(
  { subjects: before }: Pick<Holdings, 'subjects'>,
  end: Omit<Holdings, 'memory'>,
): string[] {
  if (!before || !end.subjects) return ['NATS did not answer'];
  const known = tally(before);
  return [...tally(end.subjects)]
    .filter(([subject, count]) => count > (known.get(subject) ?? 0))
    .map(([subject, count]) => `${count - (known.get(subject) ?? 0)} more subscriptions to ${subject}`);
}

/**
 * Subscriptions by subject. A process that replaces another one listens to subjects of its own, by node id, by instance or by
 * the id of a control: they count as one.
 */
function tally(subjects: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const subject of subjects.filter((one) => !one.startsWith('_INBOX.'))) {
    const general = subject
      .replace(/^(skein\.node)\.media-node-\d+\./, '$1.NODE.')
      .replace(/^(skein\.node\.NODE\.session)\.\w+$/, '$1.INSTANCE')
      .replace(/^(skein\.witness\.answer)\.\w+$/, '$1.CONTROL');
    counts.set(general, (counts.get(general) ?? 0) + 1);
  }
  return counts;
}

function kindOf(name: string): string {
  return name.replace(/-\d+$/, '');
}

function inMiB(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
