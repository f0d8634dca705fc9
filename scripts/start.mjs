import { helpText, parseNumbers } from './setup/arguments.mjs';
import { main } from './setup/main.mjs';
import { setUp } from './setup/profiles.mjs';
import { releaseSignals } from './setup/signals.mjs';

const COMMAND = 'npm start --';
const INTRO = `Installs missing dependencies and runs a cluster on this machine: NATS, Redis, gateways, media nodes, control.
NATS_URL and REDIS_URL select servers that already run; SKEIN_ variables are passed to the services.`;
const OPTIONS = {
  'media-nodes': { default: 3, min: 1, max: 32, doc: 'media nodes' },
  gateways: { default: 2, min: 1, max: 16, doc: 'gateways' },
  port: { default: 8080, min: 1, max: 65_000, doc: "the first gateway's port; the others' follow" },
};

let options;

await main({
  before: () => {
    options = parseNumbers(process.argv.slice(2), OPTIONS, COMMAND);
    if (options !== 'help') return;
    process.stdout.write(`${helpText(OPTIONS, COMMAND, INTRO)}\n`);
    process.exit(0);
  },
  body: async (progress) => {
    await setUp('cluster', progress);
    const { launch } = await import('../libs/local-cluster/dist/cli/launch.js');
    releaseSignals();
    const exitCode = await launch({
      gateways: options.gateways,
      mediaNodes: options['media-nodes'],
      port: options.port,
      env: process.env,
      print: progress.line,
    });
    // All services have stopped; a leaked handle must not keep the process alive.
    process.exit(exitCode);
  },
});
