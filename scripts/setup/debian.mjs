import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram, run } from './command.mjs';
import { UserError } from './user-error.mjs';

/** Which Debian package brings a program. `service`: what systemd would start after installing it. */
const PROGRAMS = {
  'nats-server': { package: 'nats-server', service: 'nats-server' },
  'redis-server': { package: 'redis-server', service: 'redis-server' },
  chromium: { package: 'chromium' },
  ffmpeg: { package: 'ffmpeg' },
  nft: { package: 'nftables' },
  ip: { package: 'iproute2' },
  socat: { package: 'socat' },
  'g++': { package: 'g++' },
};

/** The programs that a running cluster needs: none that the user brings by URL. */
export function clusterPrograms(env) {
  return [...(env.NATS_URL ? [] : ['nats-server']), ...(env.REDIS_URL ? [] : ['redis-server'])];
}

/** The programs that the tests need; they always start servers of their own. */
export const TEST_PROGRAMS = Object.keys(PROGRAMS);

/** Installs the Debian packages of those `programs` that are missing. */
export function debianProgramsStep(programs) {
  const missing = () =>
    programs.filter((program) => !findProgram(program)).map((program) => PROGRAMS[program]);
  return {
    name: 'Debian packages',
    check: () => {
      const names = missing().map((entry) => entry.package);
      return names.length === 0 ? undefined : `installing ${names.join(', ')}`;
    },
    run: async () => {
      const entries = missing();
      await installPackages(entries.map((entry) => entry.package));
      await disableServices(entries.map((entry) => entry.service).filter(Boolean));
    },
  };
}

/** Those of `packages` that dpkg doesn't have. */
export function missingPackages(packages) {
  const format = '${Package} ${db:Status-Status}\n';
  const { stdout } = spawnSync('dpkg-query', ['-W', `-f=${format}`, ...packages], { encoding: 'utf8' });
  const installed = new Set((stdout ?? '').split('\n').filter((line) => line.endsWith(' installed')));
  return packages.filter((name) => !installed.has(`${name} installed`));
}

/** Installs packages with apt, without starting a service. Fails with one line that says what to install by hand. */
export async function installPackages(packages) {
  assertCanInstall(packages, {
    isRoot: process.getuid?.() === 0,
    hasApt: findProgram('apt-get') !== undefined,
  });
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], { env });
  const allowServices = forbidServiceStart();
  try {
    await apt('update');
    await apt('install', '-y', '--no-install-recommends', ...packages);
  } finally {
    allowServices();
  }
}

export function assertCanInstall(packages, { isRoot, hasApt }) {
  if (!hasApt) {
    throw new UserError(`apt-get is not available; install these packages: ${packages.join(', ')}`);
  }
  if (!isRoot) {
    throw new UserError(`missing packages need root: apt-get install ${packages.join(' ')}`);
  }
}

const POLICY = '/usr/sbin/policy-rc.d';

/**
 * While packages are installed, `policy-rc.d` answers 101, "not allowed", to every attempt to start a service
 * (invoke-rc.d(8)): a system Redis must not take the default port. Returns a function that removes it.
 */
function forbidServiceStart() {
  if (existsSync(POLICY)) return () => {};
  const remove = () => rmSync(POLICY, { force: true });
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  process.once('exit', remove);
  return () => {
    process.removeListener('exit', remove);
    remove();
  };
}

/** A new package's service would start at the next boot. */
async function disableServices(services) {
  if (services.length > 0 && existsSync('/run/systemd/system'))
    await run('systemctl', ['disable', '--now', ...services]);
}
