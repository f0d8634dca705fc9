import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './setup/command.mjs';
import { main } from './setup/main.mjs';
import { localCache, root } from './setup/paths.mjs';
import { formatDuration } from './setup/progress.mjs';
import { setUp } from './setup/profiles.mjs';
import { UserError } from './setup/user-error.mjs';

const tool = (...path) => join(root, 'node_modules', ...path);
const proto = join(root, 'scripts', 'proto.mjs');

/** The checks of `npm run check`. All of them run, so that one run shows every problem. */
const CHECKS = [
  { name: 'generated gRPC types', script: [proto, '--check'], absent: !existsSync(proto) },
  { name: 'types', script: [tool('typescript', 'bin', 'tsc'), '-b'] },
  { name: 'lint', script: [tool('oxlint', 'bin', 'oxlint')] },
  {
    name: 'imports, folders, dialect and clocks',
    script: [join(root, 'scripts', 'check', 'boundaries.mjs')],
  },
  { name: 'browsers', script: [join(root, 'scripts', 'check', 'browsers.mjs')] },
  {
    name: 'format',
    script: [
      tool('prettier', 'bin', 'prettier.cjs'),
      ...['--check', '--log-level', 'warn', '--cache', '--cache-location', join(localCache, 'prettier'), '.'],
    ],
  },
];

await main({
  body: async (progress) => {
    await setUp('packages', progress);
    let failed = 0;
    for (const { name, script } of CHECKS.filter(({ absent }) => !absent)) {
      const startedAt = performance.now();
      const failure = await failureOf(script);
      if (failure !== undefined) failed += 1;
      const took = formatDuration(performance.now() - startedAt);
      progress.line(failure === undefined ? `✓ ${name} (${took})` : `✗ ${name} (${took})\n${failure}`);
    }
    return failed === 0 ? 0 : 1;
  },
});

/** Runs a Node script. Resolves with its output if it fails, else with `undefined`. */
async function failureOf(script) {
  const lines = [];
  try {
    await run(process.execPath, script, { cwd: root, onLine: (line) => lines.push(line) });
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return lines.join('\n') || error.message;
  }
}
