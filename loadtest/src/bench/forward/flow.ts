import type { Clock } from '@skein/runtime';
import {
  mergeMeasures,
  mergeReports,
  type PeerMeasures,
  type PeerReport,
  type ToolHealth,
} from '@skein/native-peer/measures';
import type { Joined, PeerProcess, TrackPlan } from '@skein/native-peer';

/** Who sends what to whom. */
export interface FlowPlan {
  readonly name: string;
  /** Join first. */
  readonly publishers: number;
  readonly publish: readonly TrackPlan[];
  /** Join when everything is published; they send nothing. */
  readonly viewers: number;
  /** Publishers receive each other. */
  readonly mutual: boolean;
  /** Tracks of another flow in the same room that viewers receive. Default 0. */
  readonly tracksThere?: number;
  /** Publishers send nothing until viewers have joined and taken in each other's coming: who is behind then stays so. Default false. */
  readonly quietJoins?: boolean;
}

/** Where a flow's peers join. */
export interface FlowPlace {
  readonly url: string;
  readonly room: string;
  /** Of each publisher in turn, and of each viewer in turn. Default: the cluster's choice. */
  readonly publisherNodes?: readonly string[];
  readonly viewerNodes?: readonly string[];
}

/** What was measured over one stretch of time. */
export interface Stretch {
  readonly measures: PeerMeasures;
  /** Of the processes with viewers. */
  readonly tool: ToolHealth;
  readonly lastedMs: number;
}

const JOINS_AT_ONCE = 8;
const FLOWING_DEADLINE_MS = 30_000;
const POLL_MS = 200;
/** What the tool's processes need all together while nothing is sent. */
const IDLE_CORES = 0.3;
/** A node that a burst of joins has filled for a moment accepts more soon. */
const JOIN_RETRY_MS = 12_000;

/** Subscriptions that a flow comes to. */
export function subscriptionsOf({ publishers, publish, viewers, mutual, tracksThere = 0 }: FlowPlan): number {
  return publish.length * publishers * (viewers + (mutual ? publishers - 1 : 0)) + tracksThere * viewers;
}

/** Peers of one room whose flow can be held and let go, so that two of them are measured in turn. */
export class Flow {
  readonly plan: FlowPlan;
  readonly #clock: Clock;
  readonly #publishers: PeerProcess;
  readonly #viewers: readonly PeerProcess[];
  readonly #listening: Disposable[];
  #reports: PeerReport[] = [];

  /** The publishers' process may be one of the viewers'; these share the viewers. */
  constructor(plan: FlowPlan, clock: Clock, publishers: PeerProcess, viewers: readonly PeerProcess[]) {
    this.plan = plan;
    this.#clock = clock;
    this.#publishers = publishers;
    this.#viewers = viewers;
    this.#listening = this.#processes().map((process) =>
      process.events.on('report', (report) => this.#reports.push(report)),
    );
  }

  /** All join; resolves when every subscription flows. */
  async start(place: FlowPlace, signal: AbortSignal): Promise<void> {
    const { name, publishers, viewers, publish, mutual, quietJoins = false } = this.plan;
    const { url, room, publisherNodes, viewerNodes } = place;
    const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
    await inBatches(numbers(publishers), signal, async (index) => {
      const nodeId = publisherNodes?.[index % publisherNodes.length];
      const peerId = `${name}-${room}-p${index}`;
      const joined = await this.#publishers.join({
        peerId,
        url,
        room,
        publish,
        subscribe: mutual,
        joinRetryMs: JOIN_RETRY_MS,
        ...(nodeId !== undefined && { nodeId }),
      });
      assertPlaced(joined, nodeId);
    });
    await this.#until(signal, `${publishers} publishers`, ({ state }) => state.publishing === publishers);
    if (quietJoins) await this.hold(true);
    await inBatches(numbers(viewers), signal, async (index) => {
      const nodeId = viewerNodes?.[index % viewerNodes.length];
      const peerId = `${name}-${room}-v${index}`;
      const joined = await this.#viewers[index % this.#viewers.length]?.join({
        peerId,
        url,
        room,
        joinRetryMs: JOIN_RETRY_MS,
        ...(nodeId !== undefined && { nodeId }),
      });
      assertPlaced(joined, nodeId);
    });
    if (quietJoins) {
      await this.#until(signal, 'viewers that know each other', isIdle);
      await this.hold(false);
    }
    const expected = subscriptionsOf(this.plan);
    await this.#until(signal, `${expected} flowing subscriptions`, ({ state }) => state.flowing >= expected);
  }

  async hold(held: boolean): Promise<void> {
    await this.#publishers.hold(held);
  }

  /** Measures for so long, from now. */
  async measure(ms: number, signal: AbortSignal): Promise<Stretch> {
    await this.#take();
    const startedMs = this.#clock.monotonicMs();
    await this.#clock.sleep(ms, signal);
    const reports = await this.#take();
    return {
      measures: mergeMeasures(reports.map(({ measures }) => measures)),
      tool: mergeReports(reports).tool,
      lastedMs: this.#clock.monotonicMs() - startedMs,
    };
  }

  /** Its peers go with their processes, which are the caller's. */
  [Symbol.dispose](): void {
    for (const one of this.#listening) one[Symbol.dispose]();
  }

  #processes(): PeerProcess[] {
    return [...new Set([this.#publishers, ...this.#viewers])];
  }

  /** All reports since the last taking. */
  async #take(): Promise<PeerReport[]> {
    const now = await Promise.all(this.#processes().map((process) => process.report()));
    const reports = [...this.#reports, ...now];
    this.#reports = [];
    return reports;
  }

  async #until(signal: AbortSignal, what: string, reached: (report: PeerReport) => boolean): Promise<void> {
    const endMs = this.#clock.monotonicMs() + FLOWING_DEADLINE_MS;
    let last: PeerReport | undefined;
    while (this.#clock.monotonicMs() < endMs) {
      last = mergeReports(await Promise.all(this.#processes().map((process) => process.report())));
      if (reached(last)) return;
      await this.#clock.sleep(POLL_MS, signal);
    }
    throw new Error(
      `${this.plan.name}: ${what} did not come about within ${FLOWING_DEADLINE_MS} ms: ${JSON.stringify(last?.state)}`,
    );
  }
}

function isIdle({ tool }: PeerReport): boolean {
  return tool.cpuMs < tool.intervalMs * IDLE_CORES;
}

async function inBatches(
  items: readonly number[],
  signal: AbortSignal,
  work: (item: number) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < items.length; start += JOINS_AT_ONCE) {
    signal.throwIfAborted();
    await Promise.all(items.slice(start, start + JOINS_AT_ONCE).map(work));
  }
}

function assertPlaced(joined: Joined | undefined, nodeId: string | undefined): void {
  if (joined && nodeId !== undefined && joined.nodeId !== nodeId)
    throw new Error(`${joined.peerId} was to be on ${nodeId} and is on ${joined.nodeId}`);
}
