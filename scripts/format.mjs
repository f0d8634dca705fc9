import { join } from 'node:path';
import { runInForeground } from './setup/command.mjs';
import { main } from './setup/main.mjs';
import { root } from './setup/paths.mjs';
import { setUp } from './setup/profiles.mjs';

await main({
  body: async (progress) => {
    await setUp('packages', progress);
    const prettier = join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
    return await runInForeground(process.execPath, [prettier, '--write', '--log-level', 'warn', '.'], {
      cwd: root,
    });
  },
});
