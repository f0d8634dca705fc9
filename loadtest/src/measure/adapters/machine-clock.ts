const originMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds on the clock that all processes of this machine share (CLOCK_MONOTONIC), for stamps. */
export function machineMs(): number {
  return originMs + performance.now();
}
