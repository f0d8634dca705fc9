import { describe, expect, it } from 'vitest';
import { testReport } from '../../testing/peer-reports.ts';
import { compareTurns, leastCleanRounds, lossOf, type Turn } from './turns.ts';

/** A second in which `received` packets came for `cpuMs`. */
function turn(cpuMs: number, received = 10_000, lost = 0): Turn {
  const { measures, tool } = testReport({ packetsReceived: received, packetsLost: lost });
  return { cpuMs, lastedMs: 1000, measures, tool };
}

const turns = (...cpuMs: number[]): Turn[] => cpuMs.map((ms) => turn(ms));

describe('turns without loss', () => {
  it('are compared by their medians, so that one bad turn does not count', () => {
    const compared = compareTurns(turns(52, 900, 55, 54), turns(50, 50, 50, 400));
    expect(compared).toMatchObject({
      ...{ rounds: 4, cleanRounds: 4, machineWasLimit: false, lossyTurns: [] },
      ours: { usPerPacket: 5.45, packetsPerSecond: 10_000, lossRatio: 0 },
      bare: { usPerPacket: 5 },
    });
    expect(compared.ratio).toBeCloseTo(1.09);
  });

  it('tell how far single rounds are apart', () => {
    const { roundRatios } = compareTurns(turns(50, 51, 55, 60), turns(50, 50, 50, 50));
    expect(roundRatios).toEqual({ p25: 1, p75: 1.1 });
  });
});

describe('a turn with loss', () => {
  it('is marked, and its round does not count on either side', () => {
    const ours = [turn(50), turn(50), turn(50), turn(30, 9900, 100)];
    const bare = [turn(50), turn(50), turn(50), turn(10)];
    expect(compareTurns(ours, bare)).toMatchObject({
      ...{ ratio: 1, roundRatios: { p25: 1, p75: 1 } },
      ...{ rounds: 4, cleanRounds: 3, machineWasLimit: false },
      ours: { packetsLost: 100, lossRatio: 100 / 40_000 },
      bare: { packetsLost: 0, lossRatio: 0 },
      lossyTurns: [{ round: 4, side: 'ours', lossRatio: 0.01 }],
    });
  });

  it('of half a percent still counts', () => {
    const { cleanRounds, lossyTurns } = compareTurns([turn(50, 9950, 50)], [turn(50, 9950, 50)]);
    expect({ cleanRounds, lossyTurns }).toEqual({ cleanRounds: 1, lossyTurns: [] });
  });

  it('is counted for the packets that came, and not for those that were lost', () => {
    expect(compareTurns([turn(50, 9960, 40)], [turn(50)]).ours.usPerPacket).toBeCloseTo(50_000 / 9960);
  });

  it('has lost all when nothing came, and nothing when late packets made up for it', () => {
    expect(lossOf(turn(1, 0, 0))).toBe(1);
    expect(lossOf(turn(1, 100, -3))).toBe(0);
  });
});

describe('rounds of which under half are without loss', () => {
  const lossy = turn(40, 9000, 1000);

  it('all count, and say that the machine was the limit', () => {
    const compared = compareTurns([turn(60), lossy, lossy, lossy], turns(50, 50, 50, 50));
    expect(compared).toMatchObject({ rounds: 4, cleanRounds: 1, machineWasLimit: true });
    expect(compared.lossyTurns.map(({ round }) => round)).toEqual([2, 3, 4]);
    expect(compared.ours.usPerPacket).toBeCloseTo(40_000 / 9000);
  });

  it.each([
    [8, 4],
    [7, 4],
    [1, 1],
  ])('of %d rounds, %d are enough', (rounds, enough) => {
    expect(leastCleanRounds(rounds)).toBe(enough);
  });
});
