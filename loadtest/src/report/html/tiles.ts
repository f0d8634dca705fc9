import type { LoadDocument } from '../document.ts';
import { formatCount, formatNumber, formatRate, formatShare } from '../format.ts';
import { html, type Markup } from './markup.ts';

/** The few figures that a reader looks for first. */
export function tiles({ figures }: LoadDocument): Markup[] {
  const { joinMs, latencyMs, firstKeyFrameMs, cpuUsPerPacket } = figures;
  const milliseconds = (value: number): string => `${formatNumber(value)} ms`;
  return [
    tile(`${figures.joinsAnswered} / ${figures.joinsPlanned}`, 'joins answered'),
    ...(joinMs.count > 0
      ? [tile(milliseconds(joinMs.p95), `to join, p95 (p50 ${milliseconds(joinMs.p50)})`)]
      : []),
    ...(figures.packetsReceived > 0
      ? [
          tile(formatShare(figures.loss), `loss, ${formatCount(figures.packetsLost)} packets`),
          tile(
            formatRate(figures.receivedBps),
            `received, ${formatCount(figures.packetsPerSecond)} packets/s`,
          ),
        ]
      : []),
    ...(latencyMs.count > 0
      ? [tile(milliseconds(latencyMs.p50), `latency, p50 (p99 ${milliseconds(latencyMs.p99)})`)]
      : []),
    ...(firstKeyFrameMs.count > 0
      ? [tile(milliseconds(firstKeyFrameMs.p50), 'to the first picture, p50')]
      : []),
    ...(cpuUsPerPacket === undefined
      ? []
      : [tile(`${formatNumber(cpuUsPerPacket)} µs`, 'CPU of the media nodes per packet received')]),
    ...(figures.peersLost > 0 ? [tile(formatCount(figures.peersLost), 'peers lost')] : []),
  ];
}

function tile(value: string, what: string): Markup {
  return html`<div class="tile"><b>${value}</b><span>${what}</span></div>`;
}
