import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './paths.mjs';

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));

describe('package-lock.json', () => {
  it('the lockfile names no registry, so that `npm ci` works behind any mirror', () => {
    const hosts = Object.values(packages).filter(({ resolved }) => /^https?:/.test(resolved ?? ''));
    expect(hosts).toEqual([]);
  });

  // A mirror that lacks the packages of some platforms makes `npm install` leave them out; `npm ci` then fails everywhere.
  it('the lockfile has every optional package, those of other platforms too', () => {
    const names = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies),
    );
    expect(names.filter((name) => !(`node_modules/${name}` in packages))).toEqual([]);
  });
});
