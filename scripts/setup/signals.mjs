const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const end = (_signal, number) => process.exit(128 + number);

/** Turns a signal into `process.exit`, so that `exit` listeners clean up; a death by signal would skip them. */
export function exitOnSignals() {
  for (const signal of SIGNALS) process.on(signal, end);
}

// npm that is killed outright can't pass that on, and its script would run on for nobody.
const PARENT_CHECK_MS = 1_000;

/** Under npm, takes npm's end for a SIGTERM. */
export function endWithNpm(env = process.env) {
  if (!env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_CHECK_MS);
  watch.unref();
}

/** Removes these handlers: the caller handles signals from here on. */
export function releaseSignals() {
  for (const signal of SIGNALS) process.removeListener(signal, end);
}

/** Passes the signals on to a child, which decides what they mean, until the result is called. */
export function forwardSignals(child) {
  releaseSignals();
  const forward = (signal) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, forward);
  return () => {
    for (const signal of SIGNALS) process.removeListener(signal, forward);
    exitOnSignals();
  };
}
