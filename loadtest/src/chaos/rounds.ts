import { systemClock } from '@skein/runtime';
import { eventually } from '@skein/testkit';
import { lengthOf } from './clients/gaps.ts';
import {
  describeWorst,
  gapSamples,
  openGaps,
  recoveries,
  unmeasured,
  type ReceivedGaps,
  type RoundTimes,
} from './judging/judge.ts';
import type { Client } from './clients/client.ts';
import type { Observer } from './observing/observer.ts';
import type { ClientView } from './clients/client-report.ts';
import type { RecoverySample, RoundFigures } from './judging/round-figures.ts';
import type { CompositeScenario, Scenario } from './stage/scenario.ts';
import { endExpectedAbsences, spreadClients } from './stage/spread.ts';
import { pick, Stage, type StageDeps } from './stage/stage.ts';

const RECOVER_DEADLINE_MS = 40_000;
const SETTLE_DEADLINE_MS = 40_000;
/** A track flows when something came of it this lately. */
const FLOWING_MS = 500;
/** Media is steady when all tracks have flowed for this long. What flaps is not back. */
const STEADY_MS = { long: 3_000, short: 2_000 };
// What a fault breaks is quiet by then, and what heals itself within this has healed.
const IMPACT_BY_MS = 3_000;
/** A round does not end in the middle of a gap, unless it has lasted for this long by then. */
const OPEN_GAP_DEADLINE_MS = 2_000;
const OPEN_GAP_POLL_MS = 50;
const SHOWN_GAPS = 6;
const UNDISTURBED_MS = { long: 6_000, short: 500 };
// Late echoes of a fault: tracks taken away after 10 s, sessions that linger.
const AFTERMATH_MS = { long: 5_000, short: 1_000 };
/** As whom a recovery of `service` is listed. */
const NEWCOMER = 'a newcomer';

/** Runs one round of a scenario, or of one that a mix has picked. */
export async function runRound(
  scenario: Scenario | CompositeScenario,
  deps: StageDeps,
): Promise<RoundFigures> {
  if (!('picks' in scenario)) return await playRound(scenario, deps);
  const picked = pick(scenario.picks, deps.random);
  deps.say(picked.name);
  return { ...(await playRound(picked, deps)), picked };
}

/** An undisturbed time for comparison, the fault, recovery, restoring, and its aftermath. */
async function playRound(scenario: Scenario, deps: StageDeps): Promise<RoundFigures> {
  const { clients, observer, form } = deps;
  const stage = new Stage(deps, scenario.impact);
  await settled(clients, observer, deps);
  if (await spreadClients(clients, deps)) {
    await settled(clients, observer, deps);
    await endExpectedAbsences(clients);
  }
  const undisturbedGapMs = await undisturbed(clients, UNDISTURBED_MS[form]);
  await deps.warm();
  const fromMs = systemClock.now();
  let steadyAtMs: number | undefined;
  try {
    await scenario.fault(stage);
    await systemClock.sleep(IMPACT_BY_MS);
    steadyAtMs = await steady(clients, STEADY_MS[form], RECOVER_DEADLINE_MS);
    await stage.restore();
    await settled(clients, observer, deps);
    await stage.probeJoin();
    await systemClock.sleep(AFTERMATH_MS[form]);
    stage.failed.push(...(await stage.moved()));
  } catch (error) {
    stage.failed.push(error instanceof Error ? error.message : String(error));
    await stage.restore();
  }
  return { ...(await figuresOf(scenario, stage, clients, { fromMs, steadyAtMs })), undisturbedGapMs };
}

async function figuresOf(
  { recovers }: Scenario,
  stage: Stage,
  clients: readonly Client[],
  { fromMs, steadyAtMs }: { fromMs: number; steadyAtMs: number | undefined },
): Promise<Omit<RoundFigures, 'undisturbedGapMs'>> {
  const { faultAtMs = fromMs, healingAtMs, healedAtMs } = stage;
  const { received, toMs } = await gapsToTheirEnd(clients, fromMs);
  const times: RoundTimes = { faultAtMs, healingAtMs, healedAtMs, steadyAtMs, toMs };
  for (const line of describeWorst(received, times, SHOWN_GAPS)) stage.say(line);
  const views = await Promise.all(clients.map((client) => client.view()));
  const open = openGaps(received, times.toMs).map((gap) => describeOpen(gap, clients));
  const found: readonly RecoverySample[] =
    recovers === 'service'
      ? stage.recoveries.map((ms) => ({ identity: NEWCOMER, ms }))
      : recoveries(recovers, { received, views, times });
  return {
    recoveries: found,
    gaps: gapSamples(received, times),
    impact: stage.impact,
    failed: [
      ...stage.failed,
      ...unmeasured(views, received),
      ...(found.length === 0 && stage.impact === 'certain' ? [NO_IMPACT] : []),
      ...clients.flatMap(({ problems }) => problems.splice(0)),
      ...(await Promise.all(open)),
    ],
  };
}

const NO_IMPACT = 'nobody lost what the fault takes, or it was not measured';

/** Everybody is connected and receives every other one's tracks, and every node takes sessions. */
async function settled(
  clients: readonly Client[],
  observer: Observer,
  { cluster }: StageDeps,
): Promise<void> {
  await flowing(clients, SETTLE_DEADLINE_MS);
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

async function flowing(clients: readonly Client[], deadlineMs: number): Promise<void> {
  await eventually(
    'everybody to receive everybody',
    async () => {
      const views = await Promise.all(clients.map((client) => client.view()));
      const missing = views.flatMap((view) => missingMedia(view, views));
      if (missing.length > 0) throw new Error(missing.slice(0, 4).join('; '));
      return true;
    },
    { deadlineMs, everyMs: 200 },
  );
}

/** What `view` does not get of what the others publish. */
function missingMedia(view: ClientView, views: readonly ClientView[]): string[] {
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

/** Waits until every track has flowed for `forMs` without a break. When that was. */
async function steady(clients: readonly Client[], forMs: number, deadlineMs: number): Promise<number> {
  const askedAtMs = systemClock.now();
  await flowing(clients, deadlineMs);
  return await eventually(
    `media to flow for ${forMs} ms without a break`,
    async () => {
      const nowMs = systemClock.now();
      const broken = (await allGaps(clients, nowMs - forMs, nowMs)).filter(({ gaps }) =>
        gaps.some((gap) => lengthOf(gap, nowMs) > FLOWING_MS && (gap.toMs ?? nowMs) > nowMs - forMs),
      );
      const [first] = broken;
      if (first) throw new Error(`${first.receiver} was without ${first.kind} of ${first.identity}`);
      return nowMs;
    },
    { deadlineMs: Math.max(forMs, askedAtMs + deadlineMs - systemClock.now()), everyMs: 200 },
  );
}

/** All gaps since then, and the moment up to which they were looked for. */
async function gapsToTheirEnd(
  clients: readonly Client[],
  fromMs: number,
): Promise<{ readonly received: ReceivedGaps[]; readonly toMs: number }> {
  const deadlineMs = systemClock.monotonicMs() + OPEN_GAP_DEADLINE_MS;
  for (;;) {
    const toMs = systemClock.now();
    const received = await allGaps(clients, fromMs, toMs);
    if (openGaps(received, toMs).length === 0 || systemClock.monotonicMs() >= deadlineMs)
      return { received, toMs };
    await systemClock.sleep(OPEN_GAP_POLL_MS);
  }
}

async function undisturbed(clients: readonly Client[], forMs: number): Promise<number[]> {
  const fromMs = systemClock.now();
  await systemClock.sleep(forMs);
  const toMs = systemClock.now();
  const received = await allGaps(clients, fromMs, toMs);
  return gapSamples(received, { faultAtMs: fromMs, toMs }).map(({ duringMs }) => duringMs);
}

async function allGaps(clients: readonly Client[], fromMs: number, toMs: number): Promise<ReceivedGaps[]> {
  const gaps = await Promise.all(
    clients.map(async (client) =>
      (await client.gaps(fromMs, toMs)).map((track) => ({ ...track, receiver: client.identity })),
    ),
  );
  return gaps.flat();
}

async function describeOpen(
  { receiver, identity, kind, trackId, forMs }: ReceivedGaps & { readonly forMs: number },
  clients: readonly Client[],
): Promise<string> {
  const evidence = await clients.find((client) => client.identity === receiver)?.evidence(trackId);
  const what = `${receiver} gets no ${kind} of ${identity} (${trackId}) any more`;
  return `${what}, for ${Math.round(forMs)} ms; ${evidence}`;
}
