import { systemClock } from '@skein/runtime';
import { eventually } from '@skein/testkit';
import type { Person } from './person.ts';
import type { Observer } from './observer.ts';
import type { PersonView, TrackGap } from './person-report.ts';
import type { RoundFigures } from './report.ts';
import type { Mix, Recovery, Scenario } from './scenario.ts';
import { endExcuses, spreadPeople } from './spread.ts';
import { pick, Stage, type StageParts } from './stage.ts';

const RECOVER_DEADLINE_MS = 40_000;
const SETTLE_DEADLINE_MS = 40_000;
/** A track flows when something came of it this lately. */
const FLOWING_MS = 500;
/** Gaps up to this are within the noise of a machine whose few cores run browsers and cluster; longer ones were felt. */
const FELT_MS = 250;
// What a fault breaks is quiet by then, and what heals itself within this has healed.
const FELT_BY_MS = 3_000;
const SHOWN_GAPS = 6;
const UNDISTURBED_MS = { long: 6_000, short: 1_500 };
// Late echoes of a fault: tracks taken away after 10 s, sessions that linger.
const AFTERMATH_MS = { long: 5_000, short: 1_000 };

/** Runs one round of a scenario, or of one that a mix has picked. */
export async function runRound(scenario: Scenario | Mix, parts: StageParts): Promise<RoundFigures> {
  if (!('mixes' in scenario)) return await playRound(scenario, parts);
  const picked = pick(scenario.mixes, parts.random);
  parts.say(picked.name);
  return { ...(await playRound(picked, parts)), picked };
}

/** An undisturbed time for comparison, the fault, recovery, restoring, and its aftermath. */
async function playRound(scenario: Scenario, parts: StageParts): Promise<RoundFigures> {
  const { people, observer, form } = parts;
  const stage = new Stage(parts, scenario.felt);
  await settled(people, observer, parts);
  if (await spreadPeople(people, observer)) {
    await settled(people, observer, parts);
    await endExcuses(people);
  }
  const undisturbedGapMs = await gapsDuring(people, () => systemClock.sleep(UNDISTURBED_MS[form]));
  const fromMs = systemClock.now();
  let recoveredAtMs: number | undefined;
  try {
    await scenario.fault(stage);
    await systemClock.sleep(FELT_BY_MS);
    await flowing(people, RECOVER_DEADLINE_MS);
    recoveredAtMs = systemClock.now();
    await stage.restore();
    await settled(people, observer, parts);
    await stage.visit();
    await systemClock.sleep(AFTERMATH_MS[form]);
    stage.failed.push(...(await stage.moved()));
  } catch (error) {
    stage.failed.push(error instanceof Error ? error.message : String(error));
    await stage.restore();
  }
  const undisturbed = undisturbedGapMs.map(({ longestGapMs }) => longestGapMs);
  return {
    ...(await figuresOf(scenario, stage, people, { fromMs, recoveredAtMs })),
    undisturbedGapMs: undisturbed,
  };
}

async function figuresOf(
  { recovers }: Scenario,
  stage: Stage,
  people: readonly Person[],
  { fromMs, recoveredAtMs }: { fromMs: number; recoveredAtMs: number | undefined },
): Promise<Omit<RoundFigures, 'undisturbedGapMs'>> {
  const toMs = systemClock.now();
  const faultAtMs = stage.faultAtMs ?? fromMs;
  const gaps = await allGaps(people, fromMs, toMs);
  for (const line of worstGaps(gaps, faultAtMs, toMs)) stage.say(line);
  const brokenAtMs = recovers === 'healing' ? (stage.healedAtMs ?? faultAtMs) : faultAtMs;
  const untilRecovered = await allGaps(people, brokenAtMs, recoveredAtMs ?? toMs);
  const views = await Promise.all(people.map((person) => person.view()));
  const open = gaps.filter(isOpen).map((gap) => describeGap(gap, people));
  const recoverMs =
    recovers === 'service'
      ? stage.recoveries
      : recoveries(recovers, { gaps: untilRecovered, views, faultAtMs: brokenAtMs, toMs });
  return {
    recoverMs,
    longestGapMs: gaps.map(({ longestGapMs }) => longestGapMs),
    felt: stage.felt,
    failed: [
      ...stage.failed,
      ...unmeasured(views, gaps),
      ...(recoverMs.length === 0 && stage.felt === 'always' ? [UNFELT] : []),
      ...people.flatMap(({ problems }) => problems.splice(0)),
      ...(await Promise.all(open)),
    ],
  };
}

const UNFELT = 'nobody lost what the fault takes, or it was not measured';

/** What somebody publishes and another one has no gaps of, not even short ones: nobody looked. */
export function unmeasured(
  views: readonly Pick<PersonView, 'identity' | 'published'>[],
  gaps: readonly Pick<ReceivedGap, 'receiver' | 'trackId'>[],
): string[] {
  const measured = new Set(gaps.map(({ receiver, trackId }) => `${receiver} ${trackId}`));
  return views.flatMap(({ identity, published }) =>
    views
      .filter((receiver) => receiver.identity !== identity)
      .flatMap((receiver) => published.map((trackId) => ({ receiver: receiver.identity, trackId })))
      .filter(({ receiver, trackId }) => !measured.has(`${receiver} ${trackId}`))
      .map(({ receiver, trackId }) => `nothing was measured at ${receiver} of ${trackId} of ${identity}`),
  );
}

interface Measured {
  readonly gaps: readonly ReceivedGap[];
  readonly views: readonly PersonView[];
  readonly faultAtMs: number;
  readonly toMs: number;
}

interface ReceivedGap extends TrackGap {
  readonly receiver: string;
}

/** From the fault until what was lost by it was there again, for each receiver and track, or each client. */
export function recoveries(
  recovers: Exclude<Recovery, 'service'>,
  { gaps, views, faultAtMs, toMs }: Measured,
): number[] {
  switch (recovers) {
    case 'media':
    case 'healing':
      return gaps
        .filter(({ longestGapMs }) => longestGapMs > FELT_MS)
        .map(({ endedAtMs = toMs }) => endedAtMs - faultAtMs)
        .filter((recoverMs) => recoverMs > 0);
    case 'signaling':
      return views.flatMap(({ connectionLog }) => {
        const lost = connectionLog.findIndex(({ state, atMs }) => atMs >= faultAtMs && state !== 'connected');
        if (lost < 0) return [];
        const back = connectionLog.slice(lost).find(({ state }) => state === 'connected');
        return [(back?.atMs ?? toMs) - faultAtMs];
      });
  }
}

/** The longest gaps that were felt, for people who look for the reason. */
function worstGaps(gaps: readonly ReceivedGap[], faultAtMs: number, toMs: number): string[] {
  return gaps
    .filter(({ longestGapMs }) => longestGapMs > FELT_MS)
    .toSorted((one, other) => other.longestGapMs - one.longestGapMs)
    .slice(0, SHOWN_GAPS)
    .map(({ receiver, identity, kind, longestGapMs, endedAtMs = toMs, swappedAtMs }) => {
      const [from, to] = [endedAtMs - longestGapMs - faultAtMs, endedAtMs - faultAtMs].map(Math.round);
      const swaps = swappedAtMs.map((atMs) => Math.round(atMs - faultAtMs)).join(', ') || 'never';
      return `${receiver} had no ${kind} of ${identity} from ${from} to ${to} ms after the fault (swapped: ${swaps})`;
    });
}

/** Everybody is connected and receives every other one's tracks, and every node takes sessions. */
async function settled(
  people: readonly Person[],
  observer: Observer,
  { cluster }: StageParts,
): Promise<void> {
  await flowing(people, SETTLE_DEADLINE_MS);
  await eventually(
    'every media node that runs to be ready',
    async () => {
      const ready = await observer.readyNodes();
      const missing = cluster.mediaNodes.filter(
        ({ nodeId, status }) => status.status === 'ready' && !ready.includes(nodeId),
      );
      if (missing.length > 0) throw new Error(`not ready: ${missing.map(({ nodeId }) => nodeId).join(', ')}`);
      return true;
    },
    { deadlineMs: SETTLE_DEADLINE_MS, everyMs: 200 },
  );
}

async function flowing(people: readonly Person[], deadlineMs: number): Promise<void> {
  await eventually(
    'everybody to receive everybody',
    async () => {
      const views = await Promise.all(people.map((person) => person.view()));
      const missing = views.flatMap((view) => missingMedia(view, views));
      if (missing.length > 0) throw new Error(missing.slice(0, 4).join('; '));
      return true;
    },
    { deadlineMs, everyMs: 200 },
  );
}

/** What `view` does not get of what the others publish. */
function missingMedia(view: PersonView, views: readonly PersonView[]): string[] {
  if (view.connection.state !== 'connected') return [`${view.identity} is ${view.connection.state}`];
  return views
    .filter(({ identity }) => identity !== view.identity)
    .flatMap(({ identity, published }) => {
      const received = view.others.find((other) => other.identity === identity)?.tracks ?? [];
      const flows = received.filter(({ quietMs }) => quietMs < FLOWING_MS).map(({ trackId }) => trackId);
      return published
        .filter((trackId) => !flows.includes(trackId))
        .map((trackId) => `${view.identity} does not get ${trackId} of ${identity}`);
    });
}

async function gapsDuring(people: readonly Person[], run: () => Promise<void>): Promise<ReceivedGap[]> {
  const fromMs = systemClock.now();
  await run();
  return allGaps(people, fromMs, systemClock.now());
}

async function allGaps(people: readonly Person[], fromMs: number, toMs: number): Promise<ReceivedGap[]> {
  const gaps = await Promise.all(
    people.map(async (person) =>
      (await person.gaps(fromMs, toMs)).map((gap) => ({ ...gap, receiver: person.identity })),
    ),
  );
  return gaps.flat();
}

function isOpen({ endedAtMs, longestGapMs }: ReceivedGap): boolean {
  return endedAtMs === undefined && longestGapMs > FELT_MS;
}

async function describeGap(gap: ReceivedGap, people: readonly Person[]): Promise<string> {
  const { receiver, identity, kind, trackId, longestGapMs } = gap;
  const evidence = await people.find((person) => person.identity === receiver)?.evidence(trackId);
  const what = `${receiver} gets no ${kind} of ${identity} (${trackId}) any more`;
  return `${what}, for ${Math.round(longestGapMs)} ms; ${evidence}`;
}
