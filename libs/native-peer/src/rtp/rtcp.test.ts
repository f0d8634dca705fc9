import { describe, expect, it } from 'vitest';
import { keyFrameRequest, packetRequest, readRtcp, receiverReports, senderReport } from './rtcp.ts';
import { readNtp } from './rtp-packet.ts';

/** PLI (RFC 4585 §6.3.1) from 1 for 0x1234. */
const PLI = Buffer.from([0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0x12, 0x34]);
/** FIR (RFC 5104 §4.3.1.1) with two entries. */
const FIR = Buffer.from([
  ...[0x84, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0],
  ...[0, 0, 0, 7, 1, 0, 0, 0, 0, 0, 0, 8, 1, 0, 0, 0],
]);

function asked(packet: Buffer): number[] {
  const ssrcs: number[] = [];
  readRtcp(packet, { keyFrameAsked: (ssrc) => ssrcs.push(ssrc) });
  return ssrcs;
}

describe('key frame requests', () => {
  it('are found in a compound, PLI and FIR', () =>
    expect(asked(Buffer.concat([PLI, FIR]))).toEqual([0x1234, 7, 8]));

  it('are written as they are read', () => expect(keyFrameRequest(1, 0x1234)).toEqual(PLI));

  it('of a compound that is cut off are read up to there', () => {
    expect(asked(Buffer.concat([PLI, FIR.subarray(0, 12)]))).toEqual([0x1234]);
    expect(asked(Buffer.from([0x81]))).toEqual([]);
  });
});

describe('requests for packets', () => {
  const missing = (packet: Buffer): [number, number][] => {
    const found: [number, number][] = [];
    readRtcp(packet, { packetAsked: (ssrc, sequence) => found.push([ssrc, sequence]) });
    return found;
  };

  it('are written as they are read', () =>
    expect(missing(packetRequest(1, 9, [7, 65_535]))).toEqual([
      [9, 7],
      [9, 65_535],
    ]));

  it('name up to 16 packets after the first by a bit each', () => {
    const packet = packetRequest(1, 9, [65_534]);
    packet.writeUInt16BE(0b1000_0000_0000_0011, 14);
    expect(missing(packet).map(([, sequence]) => sequence)).toEqual([65_534, 65_535, 0, 14]);
  });
});

it('a sender report is read with the middle of its time, as receiver reports repeat it', () => {
  const report = senderReport({
    ssrc: 5,
    sentAtMs: 3_900_000_000_500,
    timestamp: 90,
    packets: 3,
    bytes: 400,
  });
  const seen: number[][] = [];
  readRtcp(report, { senderReport: (ssrc, middle) => seen.push([ssrc, middle]) });
  expect(seen).toEqual([[5, report.readUInt32BE(10)]]);
  expect(readNtp(report, 8)).toBeCloseTo(3_900_000_000_500, 1);
});

describe('receiver reports', () => {
  const block = {
    ssrc: 9,
    fractionLost: 0.25,
    lost: -2,
    highestSequence: 70_000,
    jitter: 17.9,
    lastReport: 3,
  };

  it('hold 31 streams each', () => {
    const blocks = Array.from({ length: 40 }, () => ({ ...block, sinceLastReportMs: 0 }));
    const packets = receiverReports(1, blocks);
    expect(packets.map((packet) => (packet[0] ?? 0) & 0x1f)).toEqual([31, 9]);
    expect(packets.map(({ length }) => length)).toEqual([8 + 31 * 24, 8 + 9 * 24]);
  });

  it('say what is lost, also when it is less than nothing', () => {
    const [packet] = receiverReports(1, [{ ...block, sinceLastReportMs: 1000 }]);
    expect(packet?.readUInt8(12)).toBe(64);
    expect(packet?.readIntBE(13, 3)).toBe(-2);
    expect(packet?.readUInt32BE(16)).toBe(70_000);
    expect(packet?.readUInt32BE(28)).toBe(65_536);
  });
});
