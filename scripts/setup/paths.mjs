import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What belongs to this work tree and can be thrown away: logs, stamps, reports. */
export const localCache = join(root, '.cache');

/** What is worth keeping across work trees: `$SKEIN_CACHE_DIR`, else the user's cache folder. */
export function sharedCache(env = process.env) {
  return env.SKEIN_CACHE_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'skein');
}
