import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

// A network that swallows packets must not hold up the build that follows for long.
const ANSWER_DEADLINE_MS = 10_000;
const DOWNLOAD_DEADLINE_MS = 60_000;

/** Where upstream publishes the binary; the same name that mediasoup's own installer makes up. */
export function workerUrl({ version, repositoryUrl, platform, arch, kernelRelease }) {
  const base = repositoryUrl.replace(/^git\+/, '').replace(/\.git$/, '');
  const kernel = platform === 'linux' ? `-kernel${kernelRelease.split('.')[0]}` : '';
  return `${base}/releases/download/${version}/mediasoup-worker-${version}-${platform}-${arch}${kernel}.tgz`;
}

/** Puts upstream's prebuilt worker at `output`. Resolves with `undefined`, or with the reason why there is none. */
export async function downloadWorker({ version, packageDir, kernelRelease, output }) {
  const { repository } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'));
  const { platform, arch } = process;
  const url = workerUrl({ version, repositoryUrl: repository.url, platform, arch, kernelRelease });
  const archive = await fetchBytes(url);
  if (typeof archive === 'string') return archive;
  const { status } = spawnSync('tar', ['-xzf', '-', '-C', dirname(output), 'mediasoup-worker'], {
    input: archive,
  });
  if (status !== 0 || !existsSync(output)) return 'what was downloaded is not the expected archive';
  chmodSync(output, 0o755);
  return undefined;
}

async function fetchBytes(url) {
  const abort = new AbortController();
  const stopAfter = (ms) => setTimeout(() => abort.abort(new Error(`no answer within ${ms / 1000} s`)), ms);
  let deadline = stopAfter(ANSWER_DEADLINE_MS);
  try {
    const response = await fetch(url, { signal: abort.signal });
    clearTimeout(deadline);
    if (!response.ok) return `upstream answered ${response.status}`;
    deadline = stopAfter(DOWNLOAD_DEADLINE_MS);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    return error.cause?.code ?? error.message;
  } finally {
    clearTimeout(deadline);
  }
}
