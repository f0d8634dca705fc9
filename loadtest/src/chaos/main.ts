import { systemClock, systemRandom } from '@skein/runtime';
import { EXIT_FAILED, runTool, stamped, type ToolContext } from '../cli/runner.ts';
import { defineChaos, type ChaosArguments } from './command-line.ts';
import { runJoinBurst } from './join-burst.ts';
import { summarize, type ChaosSummary } from './judging/report.ts';
import { runScenario } from './run.ts';
import { scenarios } from './scenarios/index.ts';

const MINUTE_MS = 60_000;
const SEEDS = 1_000_000;

const JOIN_BURST = { name: 'join-burst', what: '200 people join within 5 s: one room, then 100 rooms.' };
const all = [...scenarios, JOIN_BURST];

async function main(chaos: ChaosArguments, { print }: ToolContext): Promise<number> {
  const say = stamped('chaos');
  const { scenario, seed = 1 + Math.floor(systemRandom() * SEEDS) } = chaos;
  say(`${scenario}, seed ${seed}`);
  // The seed is said in any case: with it the run can be repeated.
  const summary = await run({ ...chaos, seed }, say).catch((error: unknown) =>
    summarize({ scenario, seed, bounds: {}, rounds: [], violations: [], leaks: undefined, error }),
  );
  for (const what of summary.failed ?? []) say(`does not hold: ${what}`);
  print(`${JSON.stringify(summary, undefined, chaos.json ? undefined : 2)}\n`);
  return summary.ok ? 0 : EXIT_FAILED;
}

async function run(
  { scenario: name, short, rounds, minutes, seed }: ChaosArguments & { readonly seed: number },
  say: (line: string) => void,
): Promise<ChaosSummary> {
  if (name === JOIN_BURST.name) return await runJoinBurst({ seed, say, rounds });
  const scenario = scenarios.find((one) => one.name === name);
  if (!scenario) throw new Error(`there is no scenario ${name}`);
  const untilMs = minutes === undefined ? undefined : systemClock.now() + minutes * MINUTE_MS;
  return await runScenario(scenario, { form: short ? 'short' : 'long', seed, rounds, say, untilMs });
}

await runTool({
  name: 'chaos',
  define: defineChaos(all),
  // Its exit handlers take children, browser and namespaces along.
  onSignal: 'exit',
  run: ({ chaos }, context) => main(chaos, context),
});
