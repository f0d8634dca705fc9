import { systemClock } from '@skein/runtime';
import { parseBenchArguments, usage, type BenchArguments } from './arguments.ts';
import type { Bench, BenchResult } from './bench.ts';
import { judge } from './budgets.ts';
import { benches } from './index.ts';
import { readable } from './table.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** As a shell tells it. */
const EXIT_SIGNAL = 128;
/** An interrupted bench stops what it has started within this time, or it is ended. */
const STOP_DEADLINE_MS = 10_000;

const interrupted = new AbortController();
let signalled: number | undefined;
for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 })) {
  process.on(signal, () => {
    // The second one doesn't wait. Ending by `exit` takes child processes along.
    if (signalled !== undefined) process.exit(EXIT_SIGNAL + number);
    signalled = number;
    interrupted.abort(new Error(`interrupted by ${signal}`));
    systemClock.after(STOP_DEADLINE_MS, () => process.exit(EXIT_SIGNAL + number));
  });
}

async function main(bench: Bench, { json, short, check, seed }: BenchArguments): Promise<number> {
  const fromMs = systemClock.monotonicMs();
  const say = (line: string): void => {
    const seconds = ((systemClock.monotonicMs() - fromMs) / 1000).toFixed(1);
    process.stderr.write(`bench ${bench.name} ${seconds.padStart(6)} s: ${line}\n`);
  };
  try {
    const form = short ? 'short' : 'long';
    const figures = await bench.run({ form, seed, say, signal: interrupted.signal });
    const budgets = short ? [] : judge(figures, bench.budgets);
    const unmet = budgets.filter(({ met }) => !met);
    for (const { figure, measured, limit } of unmet) say(`${figure} is ${measured}, and should be ${limit}`);
    const measured = { bench: bench.name, form, ...figures };
    const result: BenchResult = short
      ? measured
      : { ...measured, budgets: budgets.map((one) => ({ ...one })) };
    process.stdout.write(`${json ? JSON.stringify(result) : readable(result)}\n`);
    return check && unmet.length > 0 ? EXIT_FAILED : 0;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(why);
    if (json) process.stdout.write(`${JSON.stringify({ bench: bench.name, failed: why })}\n`);
    return signalled === undefined ? EXIT_FAILED : EXIT_SIGNAL + signalled;
  }
}

const parsed = parseBenchArguments(
  process.argv.slice(2),
  benches.map(({ name }) => name),
);
switch (parsed.kind) {
  case 'run': {
    const bench = benches.find(({ name }) => name === parsed.args.bench);
    // Workers and native peers may keep the loop alive; by now nothing is left that matters.
    if (bench) process.exit(await main(bench, parsed.args));
    break;
  }
  case 'help':
    process.stdout.write(`${usage(benches)}\n`);
    break;
  case 'refused':
    process.stderr.write(`bench: ${parsed.why}\n\n${usage(benches)}\n`);
    process.exitCode = EXIT_USAGE;
}
