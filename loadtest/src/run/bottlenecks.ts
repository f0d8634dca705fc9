import type { Sample } from '../report/document.ts';

/** Longer than this the event loop of a healthy process is not late, but in one of 20 stretches. */
const LATE_LOOP_MS = 50;
const MOST_LATE_SENDS = 0.01;
const BUSY_TOOL = 0.9;
const BUSY_MACHINE = 0.97;
const MOST_STRETCHES = 0.05;
const BUSY_STRETCHES = 0.2;
const MOST_LATE_STEPS = 0.01;

/** Says when the tool itself, or the machine that it shares with its cluster, was at its limit; pure. */
export function bottlenecks(
  samples: readonly Sample[],
  steps: { readonly late: number; readonly all: number },
  udpDrops = 0,
): string[] {
  if (samples.length === 0) return [];
  const share = (holds: (sample: Sample) => boolean): number => samples.filter(holds).length / samples.length;
  const sends = sum(samples, ({ tool }) => tool.sends);
  const lateSends = sends === 0 ? 0 : sum(samples, ({ tool }) => tool.lateSends) / sends;
  const lateLoop = share(({ tool }) => tool.loopDelayMs > LATE_LOOP_MS);
  const busyTool = share(({ tool }) => tool.busiestCpu > BUSY_TOOL);
  const busyMachine = share(({ machineBusy }) => (machineBusy ?? 0) > BUSY_MACHINE);
  const lateSteps = steps.all === 0 ? 0 : steps.late / steps.all;
  return [
    ...(lateSends > MOST_LATE_SENDS
      ? [`${percent(lateSends)} of the packets were sent over 10 ms late`]
      : []),
    ...(lateLoop > MOST_STRETCHES
      ? [`a process of the tool was over ${LATE_LOOP_MS} ms late in ${percent(lateLoop)} of the time`]
      : []),
    ...(busyTool > BUSY_STRETCHES
      ? [`a process of the tool used its whole core in ${percent(busyTool)} of the time`]
      : []),
    ...(busyMachine > BUSY_STRETCHES
      ? [`this machine had no core to spare in ${percent(busyMachine)} of the time`]
      : []),
    ...(lateSteps > MOST_LATE_STEPS
      ? [`${percent(lateSteps)} of what peers were to do came over 100 ms late`]
      : []),
    ...(udpDrops > 0
      ? [`sockets of this machine had no room for ${udpDrops} packets, which counts as loss`]
      : []),
  ];
}

function sum(samples: readonly Sample[], pick: (sample: Sample) => number): number {
  return samples.reduce((total, sample) => total + pick(sample), 0);
}

function percent(share: number): string {
  return `${share < 0.1 ? (share * 100).toFixed(1) : Math.round(share * 100)} %`;
}
