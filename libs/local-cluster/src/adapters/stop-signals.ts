import { systemClock } from '@skein/runtime';

// Ctrl-C reaches this process from the terminal and once more from npm, which passes signals on to its scripts.
const SAME_PRESS_MS = 1_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves at the first signal that asks to stop. A later one ends this process at once, children included. */
export function untilStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined;
    const onSignal = (signal: NodeJS.Signals): void => {
      const nowMs = systemClock.monotonicMs();
      firstAtMs ??= nowMs;
      if (nowMs - firstAtMs > SAME_PRESS_MS) process.exit(1);
      resolve(signal);
    };
    for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  });
}
