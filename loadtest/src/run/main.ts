import { availableParallelism } from 'node:os';
import { systemClock, systemIds } from '@skein/runtime';
import { LaunchError } from '@skein/local-cluster';
import { startPeerProcess } from '@skein/native-peer';
import { loadScenario, readyScenarios } from '../scenario/adapters/scenario-files.ts';
import { formatDuration } from '../scenario/duration.ts';
import { ScenarioRefused } from '../scenario/refused.ts';
import { NotAGateway } from './adapters/gateway-check.ts';
import { assertWritable, dropFolder, logFolder, startFolder, writeText } from './adapters/output-files.ts';
import { parseLoadArguments, usage, type RunArguments } from './arguments.ts';
import { planRun } from './plan/plan.ts';
import { preflight } from './preflight.ts';
import { Progress } from './progress.ts';
import { leaveResults } from './results.ts';
import { runLoad } from './session.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** As a shell tells it. */
const EXIT_SIGNAL = 128;
/** A terminal's Ctrl-C comes twice: from the terminal, and passed on by what started this. */
const ONE_PRESS_MS = 1000;

const interrupted = new AbortController();
let signalledAtMs: number | undefined;
let signalNumber = 0;
for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 })) {
  process.on(signal, () => {
    const now = systemClock.monotonicMs();
    // Asked for a second time, it does not wait for anything. Ending by `exit` takes the cluster along.
    if (signalledAtMs !== undefined && now - signalledAtMs > ONE_PRESS_MS) process.exit(EXIT_SIGNAL + number);
    signalledAtMs ??= now;
    signalNumber ||= number;
    interrupted.abort(new Error('interrupted before the run began'));
  });
}

// Nobody may read any more (a closed terminal, `| head`): no reason to lose a run of hours.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

async function run(args: RunArguments): Promise<number> {
  const progress = new Progress(process.stderr);
  const folder = startFolder();
  const scenario = loadScenario(args.scenario, folder, args.seed);
  for (const file of [args.json, args.report]) if (file !== undefined) assertWritable(file, folder);
  if (args.urls.length > 0 && scenario.faults.length > 0) {
    throw new ScenarioRefused('faults can only be injected into the tool’s own cluster: leave --url out');
  }
  // Drawn anew whatever the seed: two machines that play the same scenario on one cluster must not meet in its rooms.
  const roomPrefix = `${systemIds('load')}-`;
  // Before a cluster is started for it.
  const plan = planRun(scenario, { roomPrefix, gateways: args.urls.length || scenario.cluster.gateways });
  const { processes, warnings } = preflight(scenario, { cores: availableParallelism() });
  for (const warning of warnings) progress.say(warning);
  progress.say(`${scenario.name}, seed ${scenario.seed}, ${formatDuration(scenario.duration)}`);
  const logDir = logFolder();
  const document = await runLoad({
    ...{ scenario, plan, roomPrefix, urls: args.urls, control: args.control, processes, warnings, logDir },
    ...{ startProcess: startPeerProcess, clock: systemClock, signal: interrupted.signal },
    say: (line) => progress.say(line),
    onSample: (sample) => progress.sample(sample),
  });
  progress.end();
  const unwritten = leaveResults(document, args, {
    print: (text) => process.stdout.write(text),
    write: (file, text) => writeText(file, folder, text),
  });
  for (const line of unwritten) progress.say(line);
  if (document.ok || args.urls.length > 0) dropFolder(logDir);
  else progress.say(`the cluster’s logs are in ${logDir}`);
  if (document.ended === 'interrupted') return EXIT_SIGNAL + signalNumber;
  return document.ok && unwritten.length === 0 ? 0 : EXIT_FAILED;
}

function list(): void {
  const ready = readyScenarios();
  const width = Math.max(...ready.map(({ name }) => name.length)) + 2;
  for (const { name, about } of ready) process.stdout.write(`${name.padEnd(width)}${about.trim()}\n`);
}

function validate(nameOrFile: string): void {
  const scenario = loadScenario(nameOrFile, startFolder());
  planRun(scenario, { roomPrefix: '', gateways: scenario.cluster.gateways });
  const peers = scenario.groups.reduce((sum, { rooms, peersPerRoom }) => sum + rooms * peersPerRoom, 0);
  process.stdout.write(`${scenario.name}: ${peers} peers, ${formatDuration(scenario.duration)}\n`);
  const { warnings } = preflight(scenario, { cores: availableParallelism() });
  for (const warning of warnings) process.stdout.write(`${warning}\n`);
}

async function main(): Promise<number> {
  const parsed = parseLoadArguments(process.argv.slice(2));
  try {
    switch (parsed.kind) {
      case 'run':
        return await run(parsed.run);
      case 'validate':
        validate(parsed.scenario);
        return 0;
      case 'list':
        list();
        return 0;
      case 'help':
        process.stdout.write(`${usage}\n`);
        return 0;
      case 'refused':
        process.stderr.write(`loadtest: ${parsed.why}\n\n${usage}\n`);
        return EXIT_USAGE;
    }
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): number {
  if (interrupted.signal.aborted) {
    process.stderr.write('loadtest: interrupted before anything was measured\n');
    return EXIT_SIGNAL + signalNumber;
  }
  const expected =
    error instanceof ScenarioRefused || error instanceof NotAGateway || error instanceof LaunchError;
  const message = error instanceof Error ? error.message : String(error);
  for (const line of message.split('\n')) process.stderr.write(`loadtest: ${line}\n`);
  if (!expected && process.env['SKEIN_LOG_LEVEL'] === 'debug' && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`);
  }
  return error instanceof ScenarioRefused ? EXIT_USAGE : EXIT_FAILED;
}

// Nothing is left that matters, but native peers and browsers may keep the loop alive.
process.exit(await main());
