import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runInForeground } from './setup/command.mjs';
import { main } from './setup/main.mjs';
import { localCache, root } from './setup/paths.mjs';
import { formatDuration } from './setup/progress.mjs';
import { setUp } from './setup/profiles.mjs';
import { summarize } from './test/summary.mjs';

const report = join(localCache, 'test-report.json');

// `npm test -- libs/cluster` runs what vitest selects by its own rules.
await main({
  body: async (progress) => {
    await setUp('tests', progress);
    mkdirSync(localCache, { recursive: true });
    rmSync(report, { force: true });
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const args = [vitest, 'run', ...reporters, ...process.argv.slice(2)];
    const startedAt = performance.now();
    const exitCode = await runInForeground(process.execPath, args, { cwd: root });
    const summary = summarize(readReport());
    process.stdout.write(`tests took ${formatDuration(performance.now() - startedAt)}\n${summary.line}\n`);
    return exitCode === 0 && !summary.ok ? 1 : exitCode;
  },
});

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    // The runner ended before it could write one.
    return undefined;
  }
}
