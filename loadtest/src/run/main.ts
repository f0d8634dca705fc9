import { availableParallelism } from 'node:os';
import { formatDuration, formatTable, systemClock, systemIds } from '@skein/runtime';
import { EXIT_FAILED, runTool, type ToolContext } from '../cli/runner.ts';
import { loadScenario, readyScenarios } from '../scenario/adapters/scenario-files.ts';
import { ScenarioRefused } from '../scenario/refused.ts';
import type { Scenario } from '../scenario/schema.ts';
import { assertWritable, dropFolder, logFolder, startFolder, writeText } from './adapters/output-files.ts';
import { defineLoadtest, explainLoadCommand, type RunArguments } from './command-line.ts';
import { planRun } from './plan/plan.ts';
import { preflight } from './preflight.ts';
import { Progress } from './progress.ts';
import { leaveResults } from './results.ts';

async function run(args: RunArguments, { signal, interruptedWith, print }: ToolContext): Promise<number> {
  const progress = new Progress(process.stderr);
  const folder = startFolder();
  const scenario = loadScenario(args.scenario, folder, args.seed);
  for (const file of [args.json, args.report]) if (file !== undefined) assertWritable(file, folder);
  if (args.urls.length > 0 && scenario.faults.length > 0) {
    throw new ScenarioRefused('faults can only be injected into the tool’s own cluster: leave --url out');
  }
  // Independent of the seed: two machines that run the same scenario on one cluster must not meet in its rooms.
  const roomPrefix = `${systemIds('load')}-`;
  // Before a cluster is started for it.
  const plan = planRun(scenario, { roomPrefix, gateways: args.urls.length || scenario.cluster.gateways });
  const { processes, warnings } = preflight(scenario, { cores: availableParallelism() });
  for (const warning of warnings) progress.say(warning);
  progress.say(`${scenario.name}, seed ${scenario.seed}, ${formatDuration(scenario.duration)}`);
  const logDir = logFolder();
  // Clients and clusters are loaded for a run only: the other commands answer at once.
  const [{ startPeerProcess }, { runLoad }] = await Promise.all([
    import('@skein/native-peer'),
    import('./session.ts'),
  ]);
  const document = await runLoad({
    ...{ scenario, plan, roomPrefix, urls: args.urls, control: args.control, processes, warnings, logDir },
    ...{ startProcess: startPeerProcess, clock: systemClock, signal },
    say: (line) => progress.say(line),
    onSample: (sample) => progress.sample(sample),
  });
  progress.end();
  const unwritten = leaveResults(document, args, {
    print,
    write: (file, text) => writeText(file, folder, text),
  });
  for (const line of unwritten) progress.say(line);
  if (document.ok || args.urls.length > 0) dropFolder(logDir);
  else progress.say(`the cluster’s logs are in ${logDir}`);
  if (document.ended === 'interrupted') return interruptedWith() ?? EXIT_FAILED;
  return document.ok && unwritten.length === 0 ? 0 : EXIT_FAILED;
}

function list({ print }: ToolContext): void {
  const columns = [
    { title: '', value: ({ name }: Scenario) => name },
    { title: '', value: ({ about }: Scenario) => about.trim() },
  ];
  print(`${formatTable(columns, readyScenarios())}\n`);
}

function validate(nameOrFile: string, { print }: ToolContext): void {
  const scenario = loadScenario(nameOrFile, startFolder());
  planRun(scenario, { roomPrefix: '', gateways: scenario.cluster.gateways });
  const peers = scenario.groups.reduce((sum, { rooms, peersPerRoom }) => sum + rooms * peersPerRoom, 0);
  print(`${scenario.name}: ${peers} peers, ${formatDuration(scenario.duration)}\n`);
  const { warnings } = preflight(scenario, { cores: availableParallelism() });
  for (const warning of warnings) print(`${warning}\n`);
}

await runTool({
  name: 'loadtest',
  define: defineLoadtest,
  explainCommand: explainLoadCommand,
  onSignal: 'abort',
  run: async (asked, context) => {
    switch (asked.kind) {
      case 'run':
        return await run(asked.run, context);
      case 'validate':
        validate(asked.scenario, context);
        return 0;
      case 'list':
        list(context);
        return 0;
    }
  },
});
