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
 * Provides the mediasoup worker binary and sets `env.MEDIASOUP_WORKER_BIN` to it. In order of preference: the binary that
 * the user set there; a cached build; a new build from the source in the npm package, with the patches in
 * `scripts/worker/patches`; upstream's prebuilt binary, which lacks those patches and is announced as such.
 */
export function workerStep(progress, env = process.env) {
  let wanted;
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
      const folder = join(sharedCache(env), 'mediasoup-worker', key);
      wanted = {
        version,
        built: join(folder, 'mediasoup-worker'),
        upstream: join(folder, 'upstream', 'mediasoup-worker'),
      };
      const cached = chooseCached(wanted, runs);
      if (cached === undefined) return `building ${version}, some minutes`;
      if (cached === wanted.upstream) progress.line(LACKS_PATCHES);
      env.MEDIASOUP_WORKER_BIN = cached;
      return undefined;
    },
    run: async () => {
      env.MEDIASOUP_WORKER_BIN = await provide(wanted, progress);
    },
  };
}

const LACKS_PATCHES =
  '! using upstream\'s mediasoup worker, without the patches in scripts/worker/patches (docs/operations.md, "Media worker")';

/** A build of ours wins over upstream's binary; `undefined` if neither runs here. */
export function chooseCached({ built, upstream }, isUsable) {
  return [built, upstream].find((path) => isUsable(path));
}

/** Resolves with the path of a worker that runs. */
async function provide({ version, built, upstream }, progress) {
  if (existsSync(built) && (await mendLibraries(built))) return built;
  const failure = await make(built, (output) => buildWorker({ recipe, packageDir, output, progress }));
  if (failure === undefined) return built;
  progress.line(`  building the worker failed (${failure}); downloading upstream's binary`);
  const refusal = await make(upstream, async (output) => {
    const reason = await downloadWorker({ version, packageDir, kernelRelease: release(), output });
    if (reason !== undefined) throw new UserError(reason);
  });
  if (refusal !== undefined) {
    throw new UserError(
      `no mediasoup worker: building it failed (${failure}), so did the download (${refusal})`,
    );
  }
  progress.line(LACKS_PATCHES);
  return upstream;
}

/** Puts a worker at `path` only after it has run. Resolves with `undefined`, or with the reason why there is none. */
async function make(path, produce) {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'new-'));
  const candidate = join(work, 'mediasoup-worker');
  try {
    await produce(candidate);
    if (!runs(candidate)) return 'it does not run on this system';
    // Within one folder, so that nobody ever sees half a file.
    renameSync(candidate, path);
    return undefined;
  } catch (error) {
    return error.message.split('\n')[0];
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
