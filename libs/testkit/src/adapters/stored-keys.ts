import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The keys of a Redis that match a pattern such as `skein:{room*`, sorted. For tests: it scans them all. */
export async function storedKeys(redisUrl: string, pattern: string): Promise<string[]> {
  const { stdout } = await run('redis-cli', ['-u', redisUrl, '--scan', '--pattern', pattern]);
  return stdout.split('\n').filter(Boolean).sort();
}
