import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { buildWorker, RUNTIME_PACKAGES } from './worker-build.mjs';
import { workerCacheKey } from './worker-cache-key.mjs';
import { downloadWorker } from './worker-download.mjs';
import { installPackages, missingPackages } from './debian.mjs';
import { root, sharedCache } from './paths.mjs';
import { UserError } from './user-error.mjs';

const recipe = join(root, 'scripts', 'worker');
const packageDir = join(root, 'node_modules', 'mediasoup');

/**
 * Provides mediasoup's worker binary and names it in `env.MEDIASOUP_WORKER_BIN`: the one that the user names there,
 * else a cached one, else upstream's prebuilt one, else one built from the source in the npm package.
 */
export function workerStep(progress, env = process.env) {
  let cached;
  return {
    name: 'mediasoup worker',
    check: () => {
      if (env.MEDIASOUP_WORKER_BIN) return assertGiven(env.MEDIASOUP_WORKER_BIN);
      const { version } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'));
      const key = workerCacheKey({
        version,
        recipe,
        platform: process.platform,
        arch: process.arch,
        system: systemName(),
      });
      cached = { version, path: join(sharedCache(env), 'mediasoup-worker', key, 'mediasoup-worker') };
      if (!runs(cached.path)) return `getting ${version}, first upstream's binary`;
      env.MEDIASOUP_WORKER_BIN = cached.path;
      return undefined;
    },
    run: async () => {
      await provide(cached, progress);
      env.MEDIASOUP_WORKER_BIN = cached.path;
    },
  };
}

async function provide({ version, path }, progress) {
  if (existsSync(path) && (await mendLibraries(path))) return;
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'new-'));
  const candidate = join(work, 'mediasoup-worker');
  try {
    const refusal = await downloadWorker({
      version,
      packageDir,
      kernelRelease: release(),
      output: candidate,
    });
    if (refusal !== undefined || !runs(candidate)) {
      progress.line(
        `  no prebuilt binary (${refusal ?? 'it does not run on this system'}); building it, some minutes`,
      );
      await buildWorker({ recipe, packageDir, output: candidate, progress });
    }
    if (!runs(candidate)) throw new UserError('the mediasoup worker was built, and does not run');
    // Within one folder, so that nobody ever sees half a file.
    renameSync(candidate, path);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A cache can outlive the system's libraries, as in a container with a mounted cache: then only those are missing. */
async function mendLibraries(path) {
  const missing = missingPackages(RUNTIME_PACKAGES);
  if (missing.length > 0) await installPackages(missing);
  return runs(path);
}

/** Started without the parent's MEDIASOUP_VERSION, a worker ends with 41; anything else cannot run here. */
function runs(path) {
  const env = { ...process.env };
  delete env.MEDIASOUP_VERSION;
  return spawnSync(path, [], { env, stdio: 'ignore', timeout: 10_000 }).status === 41;
}

function assertGiven(path) {
  if (!runs(path))
    throw new UserError(`MEDIASOUP_WORKER_BIN=${path} is not a mediasoup worker that runs here`);
  return undefined;
}

/** The system whose libraries the binary is linked with: `debian12`. */
function systemName() {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    const field = (name) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
    return `${field('ID')}${field('VERSION_ID')}` || 'unknown';
  } catch {
    return 'unknown';
  }
}
