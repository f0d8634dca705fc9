import { join } from 'node:path';
import { installPackages, missingPackages } from './debian.mjs';
import { run } from './command.mjs';
import { formatDuration } from './progress.mjs';

const BUILD_PACKAGES = [
  ...['meson', 'ninja-build', 'pkg-config', 'g++', 'dpkg-dev'],
  ...['libssl-dev', 'libuv1-dev', 'libabsl-dev', 'libflatbuffers-dev', 'flatbuffers-compiler'],
];

/** The shared libraries of a worker that was built here. */
export const RUNTIME_PACKAGES = ['libssl3', 'libuv1', 'libabsl20220623'];

/** Builds the worker from the source in the npm package against Debian's libraries (scripts/worker/build.sh). */
export async function buildWorker({ recipe, packageDir, output, progress }) {
  const missing = missingPackages(BUILD_PACKAGES);
  if (missing.length > 0) {
    progress.line(`  installing ${missing.join(', ')}`);
    await installPackages(missing);
  }
  const startedAt = performance.now();
  await run('bash', [join(recipe, 'build.sh'), packageDir, output], {
    onLine: (line) => {
      const built = parseNinjaProgress(line);
      if (!built) return;
      const took = formatDuration(performance.now() - startedAt);
      progress.update(`compiling ${built.done}/${built.total} (${took})`, built.done / built.total);
    },
  });
}

/** Reads `[120/280] Compiling …`. */
export function parseNinjaProgress(line) {
  const match = /^\[(\d+)\/(\d+)\]/.exec(line);
  return match ? { done: Number(match[1]), total: Number(match[2]) } : undefined;
}
