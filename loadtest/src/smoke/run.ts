import { startCluster } from '@skein/local-cluster';
import { systemIds } from '@skein/runtime';
import {
  ClusterProbe,
  duplicatePipedTracks,
  eventually,
  isHeard,
  isSeen,
  launchBrowser,
  MeetingPage,
  nodePipes,
  type Browser,
  type MediaReport,
} from '@skein/testkit';
import type { SmokeArguments } from './command-line.ts';
import { faultsOf, firstFrameDelays, joinDelay, medianAndMaxMs, type SmokeSummary } from './summary.ts';

const PEOPLE = ['ada', 'ben', 'cleo'] as const;
const SEEN_DEADLINE_MS = 15_000;
const LEFTOVERS_DEADLINE_MS = 10_000;

type Say = (line: string) => void;

interface Target {
  readonly gatewayUrls: readonly string[];
  readonly controlAddress: string;
}

/** Runs the smoke test and sums it up. Progress goes to `say`. Throws when the cluster or a browser cannot be used at all. */
export async function runSmoke({ target }: SmokeArguments, say: Say): Promise<SmokeSummary> {
  if (target) return smokeTest({ gatewayUrls: [target.url], controlAddress: target.controlAddress }, say);
  say('starting a cluster: 2 gateways, 3 media nodes, control');
  await using cluster = await startCluster();
  const controlAddress = cluster.control?.grpcAddress ?? '';
  return await smokeTest({ gatewayUrls: cluster.gateways.map(({ url }) => url), controlAddress }, say);
}

async function smokeTest(target: Target, say: Say): Promise<SmokeSummary> {
  using probe = new ClusterProbe(target.controlAddress);
  // Process ids are alike in many containers, and the cluster may be one that others test too.
  const room = systemIds('smoke');
  const before = new Set(await probe.leftovers());
  const nodeIds = (await probe.nodes()).map(({ nodeId }) => nodeId).slice(0, PEOPLE.length);
  say(`joining ${PEOPLE.join(', ')} on ${nodeIds.join(', ')}`);
  const browser = await launchBrowser();
  try {
    const meetings = await joinAll(browser, target, room, nodeIds);
    say('waiting until everyone sees and hears everyone');
    const reports = await watchAll(meetings);
    const state = await probe.room(room);
    const timelines = await Promise.all(meetings.map((meeting) => meeting.timeline()));
    say('leaving');
    for (const meeting of meetings) await meeting.press('leave');
    const leakedAfterLeave = await countLeftovers(probe, before, say);
    const figures = {
      participants: meetings.length,
      nodes: new Set(state?.participants.map(({ nodeId }) => nodeId)).size,
      videosPlaying: reports.filter(isSeen).length,
      audiosPlaying: reports.filter(isHeard).length,
      pipes: state ? nodePipes(state).length : 0,
      duplicatePipedTracks: state ? duplicatePipedTracks(state) : 0,
      firstFrameMs: medianAndMaxMs(timelines.flatMap(firstFrameDelays)),
      joinMs: medianAndMaxMs(timelines.flatMap(joinDelay)),
      leakedAfterLeave,
    };
    const failed = faultsOf(figures);
    for (const meeting of meetings)
      failed.push(...meeting.problems.map((problem) => `${meeting.name}'s page: ${problem}`));
    return { ok: failed.length === 0, ...figures, ...(failed.length > 0 && { failed }) };
  } finally {
    await browser.close();
  }
}

async function joinAll(
  browser: Browser,
  { gatewayUrls }: Target,
  room: string,
  nodeIds: readonly string[],
): Promise<MeetingPage[]> {
  const meetings: MeetingPage[] = [];
  for (const [index, name] of PEOPLE.entries()) {
    const gatewayUrl = gatewayUrls[index % gatewayUrls.length] ?? '';
    const nodeId = nodeIds[index];
    meetings.push(await MeetingPage.join(browser, gatewayUrl, { room, name, ...(nodeId && { nodeId }) }));
    // One after another: on a small machine the pages' own start would be measured along otherwise.
    await Promise.all(meetings.map((viewer) => firstFramesOf(viewer, meetings)));
  }
  return meetings;
}

/** Waits until a viewer was shown a frame of everyone else; the figures tell if that took too long. */
async function firstFramesOf(viewer: MeetingPage, meetings: readonly MeetingPage[]): Promise<void> {
  const others = meetings.filter((other) => other !== viewer);
  const shown = async (): Promise<boolean> => {
    const { firstFrameMs } = await viewer.timeline();
    return others.every(({ name }) => firstFrameMs[name] !== undefined);
  };
  await eventually('first frames', shown, { deadlineMs: SEEN_DEADLINE_MS }).catch(() => undefined);
}

/** One report for each pair of viewer and publisher: the last one, when it never came to be as it should. */
function watchAll(meetings: readonly MeetingPage[]): Promise<MediaReport[]> {
  const pairs = meetings.flatMap((viewer) =>
    meetings.filter((other) => other !== viewer).map((other) => [viewer, other] as const),
  );
  return Promise.all(
    pairs.map(([viewer, other]) =>
      viewer.seesAndHears(other.name, SEEN_DEADLINE_MS).catch(() => viewer.probe(other.name)),
    ),
  );
}

/** Counts what is still held some seconds after the last one left, without what was there before. */
async function countLeftovers(probe: ClusterProbe, before: ReadonlySet<string>, say: Say): Promise<number> {
  let leftovers: string[] = [];
  const isClean = async (): Promise<boolean> => {
    leftovers = (await probe.leftovers()).filter((leftover) => !before.has(leftover));
    return leftovers.length === 0;
  };
  await eventually('nothing left', isClean, { deadlineMs: LEFTOVERS_DEADLINE_MS, everyMs: 200 }).catch(() => {
    for (const leftover of leftovers) say(`left over: ${leftover}`);
  });
  return leftovers.length;
}
