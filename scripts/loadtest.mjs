import { join } from 'node:path';
import { runInForeground } from './setup/command.mjs';
import { main } from './setup/main.mjs';
import { root } from './setup/paths.mjs';
import { setUp } from './setup/profiles.mjs';

await main({
  machineReadable: true,
  body: async (progress) => {
    await setUp('tests', progress);
    const tool = join(root, 'loadtest', 'dist', 'run', 'main.js');
    return await runInForeground(process.execPath, [tool, ...process.argv.slice(2)]);
  },
});
