import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Names a worker binary by all that it depends on: `3.27.1-linux-x64-debian12-0a1b2c3d4e`. */
export function workerCacheKey({ version, recipe, platform, arch, system }) {
  return `${version}-${platform}-${arch}-${system}-${hashFolder(recipe).slice(0, 10)}`;
}

// A changed test does not change the binary.
const TESTS = /(\.test\.mjs|-test\.cpp)$/;

/** SHA-256 over the names and contents of all files below `folder`, except tests. */
export function hashFolder(folder) {
  const hash = createHash('sha256');
  const names = readdirSync(folder, { recursive: true }).map(String).sort();
  const files = names.filter((name) => !TESTS.test(name));
  for (const file of files.filter((name) => statSync(join(folder, name)).isFile())) {
    const content = readFileSync(join(folder, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
