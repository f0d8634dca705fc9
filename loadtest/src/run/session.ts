import { describeExit } from '@skein/local-cluster';
import { type Clock, formatDuration } from '@skein/runtime';
import type { ClusterSample } from '../measure/cluster/cluster-sample.ts';
import type { PeerReport } from '@skein/native-peer/measures';
import type { PeerEvent, StartPeerProcess } from '@skein/native-peer';
import type { JudgeFigures, LoadDocument, Sample } from '../report/document.ts';
import { roomNames } from '../scenario/consistency.ts';
import type { Fault, Scenario } from '../scenario/schema.ts';
import { describeRun, type RunFacts } from './describe-run.ts';
import { Executor } from './executor.ts';
import { faultText, injectFault } from './faults.ts';
import { Fleet, type FleetListener } from './fleet.ts';
import { Judges } from './judges.ts';
import { firstLine, Observation } from './observation.ts';
import type { RunPlan } from './plan/plan.ts';
import { sampleOf } from './samples.ts';
import { openTarget, type LoadTarget } from './target.ts';

export interface LoadOptions {
  readonly scenario: Scenario;
  /** Gateways of a cluster that runs already; none: a cluster of its own. */
  readonly urls: readonly string[];
  readonly control?: string | undefined;
  /** Where the logs of an own cluster go. */
  readonly logDir: string;
  /** What is carried out: the scenario, with rooms of this run's own. */
  readonly plan: RunPlan;
  /** What the plan's rooms begin with. */
  readonly roomPrefix: string;
  readonly processes: number;
  /** What this machine is likely to be short of; see `preflight`. */
  readonly warnings: readonly string[];
  readonly startProcess: StartPeerProcess;
  readonly clock: Clock;
  /** Ends the run early; what was measured so far is kept. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Once a second. */
  readonly onSample: (sample: Sample) => void;
}

const TICK_MS = 1000;
/** How long an own cluster is measured at rest, for its cost without load. */
const REST_MS = 2000;
/** Joins that are under way at the end are waited for, but no longer. */
const SETTLE_MS = 5000;

/**
 * Runs a scenario and measures. Whatever goes wrong once peers are joining, what was measured until then is in the
 * document. Rejects with a line for people when it cannot begin, or is interrupted before it does.
 */
export async function runLoad(options: LoadOptions): Promise<LoadDocument> {
  const { scenario, signal, say } = options;
  const exits: string[] = [];
  let onExit = (what: string): void => void exits.push(what);
  const { mediaNodes, gateways } = scenario.cluster;
  if (options.urls.length === 0) say(`starting a cluster: media nodes: ${mediaNodes}, gateways: ${gateways}`);
  await using target = await openTarget({
    ...options,
    onUnexpectedExit: ({ name }, exit) => {
      // A node that was drained has done what it was told.
      if (exit.code !== 0) onExit(`${name} ${describeExit(exit)}`);
    },
  });
  signal.throwIfAborted();
  await using judges = scenario.judges.count > 0 ? await Judges.start() : undefined;
  const rest = target.cluster && (await restOf(target, options));
  signal.throwIfAborted();
  const { processes, startProcess } = options;
  const listener = new LateListener();
  await using fleet = await Fleet.start({ processes, seed: scenario.seed, startProcess, listener });
  signal.throwIfAborted();
  const load = new Load(options, { target, judges, rest, fleet });
  listener.target = load.observation;
  onExit = (what) => load.observation.onServiceExit(what);
  for (const what of exits) onExit(what);
  return await load.run();
}

/** Processes of peers are started before the run's clock is; they have nothing to tell until then but their end. */
class LateListener implements FleetListener {
  target: FleetListener | undefined;

  onEvent(event: PeerEvent): void {
    this.target?.onEvent(event);
  }

  onReport(process: number, report: PeerReport): void {
    this.target?.onReport(process, report);
  }

  onDeath(reason: string, peers: number): void {
    this.target?.onDeath(reason, peers);
  }
}

async function restOf(target: LoadTarget, { clock, signal }: LoadOptions): Promise<RunFacts['rest']> {
  const from = await target.meter.sample();
  await clock.sleep(REST_MS, signal).catch(() => undefined);
  return { from, to: await target.meter.sample() };
}

interface LoadDeps {
  readonly target: LoadTarget;
  readonly judges: Judges | undefined;
  readonly rest: RunFacts['rest'];
  readonly fleet: Fleet;
}

/** One run, from the first join to the last leave. */
class Load {
  readonly observation: Observation;
  readonly #options: LoadOptions;
  readonly #deps: LoadDeps;
  readonly #startedAtMs: number;
  readonly #startMs: number;
  /** Ends the run: interrupted, given up, or over. */
  readonly #over = new AbortController();
  #hopeless: string | undefined;

  constructor(options: LoadOptions, deps: LoadDeps) {
    this.#options = options;
    this.#deps = deps;
    const { clock } = options;
    this.#startedAtMs = clock.now();
    this.#startMs = clock.monotonicMs();
    const atStart: ClusterSample = deps.rest?.to ?? { atMs: clock.now(), processes: [] };
    this.observation = new Observation(atStart, () => clock.monotonicMs() - this.#startMs);
  }

  async run(): Promise<LoadDocument> {
    const { scenario, plan, clock, signal, say, processes } = this.#options;
    const { fleet, target, rest } = this.#deps;
    const { observation } = this;
    const places = processes === 1 ? 'one process' : `${processes} processes`;
    say(`${plan.joins} joins in ${formatDuration(scenario.duration)}, peers in ${places}`);
    const executor = new Executor({
      ...{ plan, fleet, clock, startMs: this.#startMs, urls: target.urls },
      injectFault: (fault) => this.#injectFault(fault),
      onHopeless: (why) => this.#giveUp(why),
    });
    const interrupt = (): void => this.#over.abort();
    signal.addEventListener('abort', interrupt);
    if (signal.aborted) interrupt();
    try {
      const judging = this.#judge();
      const ticking = this.#tick();
      await executor.run(this.#over.signal);
      await this.#untilEnd();
      await executor.settle(SETTLE_MS);
      this.#over.abort();
      await Promise.all([ticking, judging]);
    } catch (error) {
      observation.problems.push(
        `the run broke off: ${error instanceof Error ? error.message : String(error)}`,
      );
    } finally {
      this.#over.abort();
      signal.removeEventListener('abort', interrupt);
    }
    const judges = await this.#judgeFigures();
    say('everybody leaves');
    return describeRun({
      ...{ options: this.#options, plan, target: target.described, observation, executor },
      ...{ judges, rest, startedAtMs: this.#startedAtMs, hopeless: this.#hopeless },
      ranMs: clock.monotonicMs() - this.#startMs,
    });
  }

  async #untilEnd(): Promise<void> {
    const { clock, scenario } = this.#options;
    const leftMs = this.#startMs + scenario.duration - clock.monotonicMs();
    if (leftMs > 0) await clock.sleep(leftMs, this.#over.signal).catch(() => undefined);
  }

  /** Once a second until the run is over, and then once more for the rest. */
  async #tick(): Promise<void> {
    const { clock, onSample } = this.#options;
    const { fleet, target } = this.#deps;
    for (let nextMs = TICK_MS; ; nextMs += TICK_MS) {
      const waitMs = this.#startMs + nextMs - clock.monotonicMs();
      if (waitMs > 0) await clock.sleep(waitMs, this.#over.signal).catch(() => undefined);
      const over = this.#over.signal.aborted;
      await fleet.collect(this.observation);
      const cluster = await target.meter.sample({ fresh: over });
      onSample(sampleOf(this.observation.tick(cluster)));
      if (fleet.alive === 0) this.#giveUp('no process of peers is left');
      if (over) return;
    }
  }

  async #judge(): Promise<void> {
    const { scenario, roomPrefix } = this.#options;
    const room = scenario.judges.room ?? roomNames(scenario)[0] ?? '';
    await this.#deps.judges?.join({
      ...{ count: scenario.judges.count, urls: this.#deps.target.urls },
      room: `${roomPrefix}${room}`,
    });
  }

  async #judgeFigures(): Promise<JudgeFigures[]> {
    return (await this.#deps.judges?.figures()) ?? [];
  }

  async #injectFault(fault: Fault): Promise<void> {
    const { cluster, probe } = this.#deps.target;
    const { clock, say } = this.#options;
    if (!cluster || !probe) return;
    this.observation.note('fault', faultText(fault));
    say(faultText(fault));
    try {
      await injectFault(fault, { cluster, probe, clock, signal: this.#over.signal });
    } catch (error) {
      const why = firstLine(error instanceof Error ? error.message : String(error));
      this.observation.problems.push(`${faultText(fault)} did not work: ${why}`);
    }
  }

  #giveUp(why: string): void {
    if (this.#over.signal.aborted) return;
    this.#hopeless ??= why;
    this.#over.abort();
  }
}
