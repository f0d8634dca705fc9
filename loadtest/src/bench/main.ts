import { EXIT_FAILED, runTool, stamped, type ToolContext } from '../cli/runner.ts';
import type { Bench, BenchResult } from './bench.ts';
import { judge } from './budgets.ts';
import { defineBench, type BenchArguments } from './command-line.ts';
import { benches } from './index.ts';
import { readable } from './table.ts';

/** An interrupted bench stops what it has started within this time, or it is ended. */
const STOP_DEADLINE_MS = 10_000;

async function run(
  bench: Bench,
  { json, short, check, seed }: BenchArguments,
  { signal, interruptedWith, print }: ToolContext,
): Promise<number> {
  const say = stamped(`bench ${bench.name}`);
  try {
    const form = short ? 'short' : 'long';
    const figures = await bench.run({ form, seed, say, signal });
    const budgets = short ? [] : judge(figures, bench.budgets);
    const unmet = budgets.filter(({ met }) => !met);
    for (const { figure, measured, limit } of unmet) say(`${figure} is ${measured}, and should be ${limit}`);
    const measured = { bench: bench.name, form, ...figures };
    const result: BenchResult = short
      ? measured
      : { ...measured, budgets: budgets.map((one) => ({ ...one })) };
    print(`${json ? JSON.stringify(result) : readable(result)}\n`);
    return check && unmet.length > 0 ? EXIT_FAILED : 0;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(why);
    if (json) print(`${JSON.stringify({ bench: bench.name, failed: why })}\n`);
    return interruptedWith() ?? EXIT_FAILED;
  }
}

await runTool({
  name: 'bench',
  define: defineBench(benches),
  onSignal: 'abort',
  stopDeadlineMs: STOP_DEADLINE_MS,
  run: async ({ args }, context) => {
    const bench = benches.find(({ name }) => name === args.bench);
    if (!bench) throw new Error(`there is no bench ${args.bench}`);
    return await run(bench, args, context);
  },
});
