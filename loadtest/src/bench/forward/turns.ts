import type { PeerMeasures, ToolHealth } from '@skein/native-peer/measures';
import { median, percentile } from '../../measure/statistics.ts';

/** One side over one stretch. */
export interface Turn {
  readonly cpuMs: number;
  readonly lastedMs: number;
  readonly measures: PeerMeasures;
  readonly tool: ToolHealth;
}

/** Above this share of lost packets nobody can say what a turn cost: a packet that a full socket dropped took only some of the work. */
export const MOST_LOSS = 0.005;
/** At least such a share of the rounds must be without it. */
export const LEAST_CLEAN_SHARE = 0.5;

/** What a side came to: medians over the rounds that count, and its loss over all of them. */
export interface SideFigures {
  readonly packetsPerSecond: number;
  readonly usPerPacket: number;
  readonly packetsLost: number;
  /** Share of the packets that should have come, 0 to 1. */
  readonly lossRatio: number;
}

export interface LossyTurn {
  /** From 1. */
  readonly round: number;
  readonly side: 'ours' | 'bare';
  readonly lossRatio: number;
}

export interface Comparison {
  readonly ours: SideFigures;
  readonly bare: SideFigures;
  /** Our median cost of a packet against the bare one. */
  readonly ratio: number;
  /** How the ratios of single rounds are spread; half of them lie between. */
  readonly roundRatios: { readonly p25: number; readonly p75: number };
  readonly rounds: number;
  readonly cleanRounds: number;
  /** Too few rounds were clean, so that all of them were counted: the figures tell of the machine. */
  readonly machineWasLimit: boolean;
  readonly lossyTurns: readonly LossyTurn[];
}

interface Round {
  readonly ours: Turn;
  readonly bare: Turn;
}

/**
 * Compares turns of the same rounds. A round in which either side lost over 0.5 % is left out as a whole: a side whose bad moments
 * alone are left out would look better than the other. Where under half would remain, nothing is left out, and the result says so.
 */
export function compareTurns(ours: readonly Turn[], bare: readonly Turn[]): Comparison {
  const rounds = ours.flatMap((our, index): Round[] => {
    const beside = bare[index];
    return beside ? [{ ours: our, bare: beside }] : [];
  });
  const clean = rounds.filter((round) => Math.max(lossOf(round.ours), lossOf(round.bare)) <= MOST_LOSS);
  const machineWasLimit = clean.length < leastCleanRounds(rounds.length);
  const counted = machineWasLimit ? rounds : clean;
  const figures = {
    ours: sideFigures(rounds, counted, 'ours'),
    bare: sideFigures(rounds, counted, 'bare'),
  };
  const ratios = counted.map((round) => usPerPacket(round.ours) / usPerPacket(round.bare));
  ratios.sort((one, other) => one - other);
  return {
    ...figures,
    ratio: figures.ours.usPerPacket / figures.bare.usPerPacket,
    roundRatios: { p25: percentile(ratios, 0.25), p75: percentile(ratios, 0.75) },
    ...{ rounds: rounds.length, cleanRounds: clean.length, machineWasLimit },
    lossyTurns: rounds.flatMap(lossyTurnsOf),
  };
}

/** Rounds without loss that are enough. */
export function leastCleanRounds(rounds: number): number {
  return Math.max(1, Math.ceil(rounds * LEAST_CLEAN_SHARE));
}

/** Packets that the peers got. What was lost on the way is left out: how much of the work it had taken is not known. */
export function delivered({ packetsReceived }: PeerMeasures): number {
  return packetsReceived;
}

/** Share of the packets that should have come and did not; 1 where none came. */
export function lossOf({ measures }: Pick<Turn, 'measures'>): number {
  return shareLost(measures.packetsReceived, measures.packetsLost);
}

function shareLost(received: number, lost: number): number {
  // Packets that come late make up for losses of the stretch before.
  const missing = Math.max(0, lost);
  return received + missing === 0 ? 1 : missing / (received + missing);
}

function usPerPacket({ measures, cpuMs }: Turn): number {
  return (cpuMs * 1000) / Math.max(1, delivered(measures));
}

function sideFigures(all: readonly Round[], counted: readonly Round[], side: keyof Round): SideFigures {
  const turns = counted.map((round) => round[side]);
  const sum = (key: 'packetsReceived' | 'packetsLost'): number =>
    all.reduce((total, round) => total + round[side].measures[key], 0);
  return {
    packetsPerSecond: median(turns.map(({ measures, lastedMs }) => (delivered(measures) * 1000) / lastedMs)),
    usPerPacket: median(turns.map(usPerPacket)),
    packetsLost: sum('packetsLost'),
    lossRatio: shareLost(sum('packetsReceived'), sum('packetsLost')),
  };
}

function lossyTurnsOf(round: Round, index: number): LossyTurn[] {
  return (['ours', 'bare'] as const)
    .map((side) => ({ round: index + 1, side, lossRatio: lossOf(round[side]) }))
    .filter(({ lossRatio }) => lossRatio > MOST_LOSS);
}

/** Share of one core that the busiest thread of the tool can have used: its processes run one event loop each. */
export function toolCores(turns: readonly Turn[]): number {
  return median(turns.map(({ tool, lastedMs }) => tool.cpuMs / lastedMs));
}
