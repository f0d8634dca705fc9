import { EXIT_FAILED, runTool, type ToolContext } from '../cli/runner.ts';
import { defineSmoke, type SmokeArguments } from './command-line.ts';
import { runSmoke } from './run.ts';

async function run(smoke: SmokeArguments, { say, print }: ToolContext): Promise<number> {
  try {
    const summary = await runSmoke(smoke, say);
    for (const fault of summary.failed ?? []) say(fault);
    print(`${smoke.json ? JSON.stringify(summary) : JSON.stringify(summary, undefined, 2)}\n`);
    return summary.ok ? 0 : EXIT_FAILED;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(why);
    if (smoke.json) print(`${JSON.stringify({ ok: false, failed: [why] })}\n`);
    return EXIT_FAILED;
  }
}

await runTool({
  name: 'smoke',
  define: defineSmoke,
  onSignal: 'exit',
  run: ({ smoke }, context) => run(smoke, context),
});
