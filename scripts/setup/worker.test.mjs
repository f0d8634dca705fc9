import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseCached } from './worker.mjs';
import { parseNinjaProgress } from './worker-build.mjs';
import { workerCacheKey } from './worker-cache-key.mjs';
import { workerUrl } from './worker-download.mjs';

describe('workerCacheKey', () => {
  let recipe;
  beforeEach(() => {
    recipe = mkdtempSync(join(tmpdir(), 'skein-recipe-'));
    mkdirSync(join(recipe, 'pch'));
    writeFileSync(join(recipe, 'build.sh'), 'make');
    writeFileSync(join(recipe, 'pch', 'all.hpp'), '#pragma once');
  });
  afterEach(() => rmSync(recipe, { recursive: true }));

  const key = (more) =>
    workerCacheKey({
      version: '3.27.1',
      recipe,
      platform: 'linux',
      arch: 'x64',
      system: 'debian12',
      ...more,
    });

  it('the cache key is the same for the same recipe and names the worker', () => {
    expect(key()).toBe(key());
    expect(key()).toMatch(/^3\.27\.1-linux-x64-debian12-[0-9a-f]{10}$/);
  });

  it('the cache key changes with the version, the system and any file of the recipe', () => {
    const before = key();
    expect(key({ version: '3.27.2' })).not.toBe(before);
    expect(key({ system: 'debian13' })).not.toBe(before);
    writeFileSync(join(recipe, 'pch', 'all.hpp'), '#pragma twice');
    expect(key()).not.toBe(before);
  });

  it('the cache key does not change with a test', () => {
    const before = key();
    writeFileSync(join(recipe, 'queue-test.cpp'), 'int main() {}');
    writeFileSync(join(recipe, 'queue.test.mjs'), '');
    expect(key()).toBe(before);
  });
});

describe('workerUrl', () => {
  it("the URL is where mediasoup's own installer looks", () => {
    const url = workerUrl({
      version: '3.27.1',
      repositoryUrl: 'git+https://example.org/versatica/mediasoup.git',
      platform: 'linux',
      arch: 'arm64',
      kernelRelease: '6.1.0-18-arm64',
    });
    const file = 'mediasoup-worker-3.27.1-linux-arm64-kernel6.tgz';
    expect(url).toBe(`https://example.org/versatica/mediasoup/releases/download/3.27.1/${file}`);
  });
});

describe('parseNinjaProgress', () => {
  it("ninja's progress is parsed", () => {
    expect(parseNinjaProgress('[120/280] Compiling C++ object a.cpp.o')).toEqual({ done: 120, total: 280 });
    expect(parseNinjaProgress('ninja: Entering directory')).toBeUndefined();
  });
});

describe('chooseCached', () => {
  const paths = { built: '/cache/key/mediasoup-worker', upstream: '/cache/key/upstream/mediasoup-worker' };

  it("a cached build with our patches is preferred to upstream's binary", () => {
    expect(chooseCached(paths, () => true)).toBe(paths.built);
    expect(chooseCached(paths, (path) => path === paths.upstream)).toBe(paths.upstream);
    expect(chooseCached(paths, () => false)).toBeUndefined();
  });
});
