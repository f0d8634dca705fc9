import type { Percentiles } from '@skein/native-peer/measures';
import type { Distribution, Scalar } from '../scenario/threshold-schema.ts';

/** The figures of a whole run. Times in ms, rates per second; `undefined`, which JSON leaves out: not measured. */
export interface Figures
  extends Readonly<Record<Distribution, Percentiles>>, Readonly<Partial<Record<Scalar, number>>> {
  readonly joinsPlanned: number;
  readonly joinsAnswered: number;
  readonly joinsFailed: number;
  readonly peersMost: number;
  readonly peersLost: number;
  /** Times that a peer's session went on at another node. */
  readonly peersMoved: number;
  readonly subscriptionsMost: number;
  readonly silentSubscriptions: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly packetsDuplicate: number;
  readonly loss: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly framesReceived: number;
  readonly keyFramesReceived: number;
  readonly keyFramesAsked: number;
  /** Under full load, mean. */
  readonly packetsPerSecond: number;
  readonly receivedBps: number;
  readonly sentBps: number;
  /** Video subscriptions by the spatial layer that they received at the end. */
  readonly layers: Readonly<Record<string, number>>;
  readonly processes: readonly ProcessFigures[];
  /** Datagrams that sockets of this machine had no room for: the tool's, the own cluster's, or another program's. */
  readonly udpDrops?: number | undefined;
  readonly pipes?: number | undefined;
  readonly workerPipes?: number | undefined;
  /** What has gone through the pipes between nodes that were open at the end. */
  readonly pipedBytes?: number | undefined;
  readonly judges: readonly JudgeFigures[];
}

/** One process of the tool's own cluster, with all that it has started, under full load. */
export interface ProcessFigures {
  readonly name: string;
  /** Share of one core, mean. */
  readonly cpu: number;
  readonly cpuMost: number;
  readonly memoryBytes: number;
}

/** What one Chromium page saw of the others. */
export interface JudgeFigures {
  readonly name: string;
  /** People whose picture it was shown. */
  readonly seen: number;
  readonly framesPerSecond: number;
  /** Times that a picture stood still for more than half a second. */
  readonly freezes: number;
  readonly longestFreezeMs: number;
  /** It could not join, or its page had errors. */
  readonly problems: readonly string[];
}

/** One stretch of the run, most often a second. */
export interface Sample {
  /** Since the start of the run. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly peers: number;
  readonly subscriptions: number;
  readonly flowing: number;
  readonly joins: number;
  readonly joinsFailed: number;
  readonly joinMs: Brief;
  readonly latencyMs: Brief;
  readonly jitterMs: Brief;
  readonly longestGapMs: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Share of one core, by process of the own cluster. */
  readonly cpu: Readonly<Record<string, number>>;
  readonly memoryBytes: Readonly<Record<string, number>>;
  /** Share of the whole machine, 0 to 1. */
  readonly machineBusy?: number | undefined;
  readonly tool: ToolSample;
}

export interface Brief {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** How the tool itself did. */
export interface ToolSample {
  /** Of its busiest process: share of one core. */
  readonly busiestCpu: number;
  readonly loopDelayMs: number;
  readonly sends: number;
  readonly lateSends: number;
}

export interface Verdict {
  /** Such as `joinMs.p95` or `loss`. */
  readonly figure: string;
  readonly limit: number;
  /** Absent: it was not measured. */
  readonly measured?: number | undefined;
  /** `skipped`: it cannot be measured on a cluster that is not the tool's own. */
  readonly outcome: 'met' | 'unmet' | 'unmeasured' | 'skipped';
}

/** Something that happened, for the plots and the list. */
export interface RunEvent {
  readonly atMs: number;
  readonly kind: 'fault' | 'peer' | 'process' | 'note';
  readonly text: string;
}

export interface FailureFigures {
  readonly code: string;
  readonly count: number;
  readonly message: string;
}

/** What a run leaves behind. Fields are only added while `schemaVersion` is 1. */
export interface LoadDocument {
  readonly schemaVersion: 1;
  readonly scenario: {
    readonly name: string;
    readonly about: string;
    readonly seed: number;
    readonly durationMs: number;
  };
  readonly target: Target;
  readonly machine: MachineFigures;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** How long it ran. */
  readonly ranMs: number;
  /** From then on all had joined for the first time. */
  readonly fullFromMs: number;
  readonly ended: 'finished' | 'interrupted' | 'given-up';
  /** All thresholds are met, and nothing stood in the way of measuring. */
  readonly ok: boolean;
  /** Why it is not ok, one line each. */
  readonly problems: readonly string[];
  /** The tool or its machine was at its limit: the figures tell of that, and not of the cluster. */
  readonly bottlenecks: readonly string[];
  readonly verdicts: readonly Verdict[];
  readonly figures: Figures;
  /** Failed joins, the most frequent first. */
  readonly failures: readonly FailureFigures[];
  /** What went wrong with peers that stayed, such as a subscription that had to be asked for again. */
  readonly troubles: readonly FailureFigures[];
  readonly events: readonly RunEvent[];
  readonly samples: readonly Sample[];
}

export type Target =
  | {
      readonly kind: 'own';
      readonly mediaNodes: number;
      readonly gateways: number;
      readonly workersPerNode: number;
    }
  | { readonly kind: 'url'; readonly urls: readonly string[] };

export interface MachineFigures {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryBytes: number;
  readonly system: string;
}
