import type { Sample } from '../report/document.ts';

/** Where progress is shown. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Without a terminal that can be written over, so often. */
const LINE_EVERY_MS = 5000;

/** Shows how a run goes: one line that is written over on a terminal, else a line each 5 s. */
export class Progress {
  readonly #stream: ProgressStream;
  #shown = false;
  #lastMs = -Infinity;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  /** A line that stays. */
  say(line: string): void {
    this.#clear();
    this.#stream.write(`loadtest: ${line}\n`);
  }

  sample(sample: Sample): void {
    const line = progressLine(sample);
    if (this.#stream.isTTY) {
      this.#clear();
      this.#stream.write(line.slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1)));
      this.#shown = true;
    } else if (sample.toMs - this.#lastMs >= LINE_EVERY_MS - 500) {
      this.#lastMs = sample.toMs;
      this.#stream.write(`loadtest: ${line}\n`);
    }
  }

  end(): void {
    this.#clear();
  }

  #clear(): void {
    if (this.#shown) this.#stream.write('\r\u001b[2K');
    this.#shown = false;
  }
}

/** `12 s  40 peers  1843 packets/s  9.8 Mbit/s  loss 0.00 %  latency 1.2/9.0 ms  CPU media-node-1 43 %  tool 31 %`. */
export function progressLine(sample: Sample): string {
  const seconds = Math.max(0.001, (sample.toMs - sample.fromMs) / 1000);
  const { packetsReceived, packetsLost, bytesReceived, latencyMs, cpu, tool, peers, joinsFailed } = sample;
  const loss = packetsLost > 0 ? packetsLost / (packetsReceived + packetsLost) : 0;
  const nodes = Object.entries(cpu).filter(([name]) => name.startsWith('media-node'));
  return [
    `${Math.round(sample.toMs / 1000)} s`.padStart(6),
    `${peers} peers`,
    ...(joinsFailed > 0 ? [`${joinsFailed} joins failed`] : []),
    `${Math.round(packetsReceived / seconds)} packets/s`,
    `${((bytesReceived * 8) / seconds / 1e6).toFixed(1)} Mbit/s`,
    `loss ${(loss * 100).toFixed(2)} %`,
    `latency ${latencyMs.p50.toFixed(1)}/${latencyMs.p99.toFixed(1)} ms`,
    ...(nodes.length > 0
      ? [`nodes ${nodes.map(([, share]) => `${Math.round(share * 100)} %`).join(' ')}`]
      : []),
    `tool ${Math.round(tool.busiestCpu * 100)} %`,
  ].join('  ');
}
