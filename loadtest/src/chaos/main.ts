import { systemClock, systemRandom } from '@skein/runtime';
import { parseChaosArguments, usage, type ChaosArguments } from './arguments.ts';
import { runJoinBurst } from './join-burst.ts';
import { summarize, type ChaosSummary } from './report.ts';
import { runScenario } from './run.ts';
import { scenarios } from './scenarios/index.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** As a shell tells it. */
const EXIT_SIGNAL = 128;
const MINUTE_MS = 60_000;
const SEEDS = 1_000_000;

// Ending by a signal runs no exit handlers, and they are what takes children, browser and namespaces along.
for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 })) {
  process.once(signal, () => process.exit(EXIT_SIGNAL + number));
}

const JOIN_BURST = { name: 'join-burst', what: '200 people join within 5 s: one room, then 100 rooms.' };
const all = [...scenarios, JOIN_BURST];

async function main(chaos: ChaosArguments): Promise<number> {
  const fromMs = systemClock.monotonicMs();
  const say = (line: string): void => {
    const seconds = ((systemClock.monotonicMs() - fromMs) / 1000).toFixed(1);
    process.stderr.write(`chaos ${seconds.padStart(6)} s: ${line}\n`);
  };
  const { scenario, seed = 1 + Math.floor(systemRandom() * SEEDS) } = chaos;
  say(`${scenario}, seed ${seed}`);
  // Whatever happens, the seed is told: with it the run can be repeated.
  const summary = await run({ ...chaos, seed }, say).catch((error: unknown) =>
    summarize({ scenario, seed, bounds: {}, rounds: [], violations: [], leaks: undefined, error }),
  );
  for (const what of summary.failed ?? []) say(`does not hold: ${what}`);
  process.stdout.write(`${JSON.stringify(summary, undefined, chaos.json ? undefined : 2)}\n`);
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

const parsed = parseChaosArguments(
  process.argv.slice(2),
  all.map(({ name }) => name),
);
switch (parsed.kind) {
  case 'run':
    process.exitCode = await main(parsed.chaos);
    break;
  case 'help':
    process.stdout.write(`${usage(all)}\n`);
    break;
  case 'refused':
    process.stderr.write(`chaos: ${parsed.why}\n\n${usage(all)}\n`);
    process.exitCode = EXIT_USAGE;
}
