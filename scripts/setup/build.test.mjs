import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { removeStale } from './build.mjs';
import { root } from './paths.mjs';

const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

it('the production build compiles neither tests nor test code', () => {
  const folders = readJson('tsconfig.build.json').references.map(({ path }) => path);
  expect(folders.length).toBeGreaterThan(0);
  for (const folder of folders) {
    const { exclude, references } = readJson(join(folder, 'tsconfig.json'));
    const hasTesting = existsSync(join(root, folder, 'src', 'testing'));
    expect({ folder, exclude }).toEqual({
      folder,
      exclude: ['src/**/*.test.ts', ...(hasTesting ? ['src/testing'] : [])],
    });
    const others = references.filter(({ path }) => path.endsWith('.json'));
    expect({ folder, others }).toEqual({ folder, others: [] });
  }
});

it('every package is built, and the fakes that benches run on', () => {
  const built = readJson('tsconfig.json').references.map(({ path }) => path.replace(/^\.\//, ''));
  const folders = ['libs', 'services'].flatMap((layer) =>
    readdirSync(join(root, layer)).map((name) => `${layer}/${name}`),
  );
  const testing = folders.filter((folder) => existsSync(join(root, folder, 'tsconfig.testing.json')));
  const expected = [...folders, 'loadtest', ...testing.map((folder) => `${folder}/tsconfig.testing.json`)];
  expect(built.toSorted()).toEqual([...expected, 'tsconfig.tests.json'].toSorted());
});

it('stale outputs and compiled tests are removed from dist, current ones stay', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skein-build-'));
  try {
    const files = [
      'src/a.ts',
      'src/b.test.ts',
      'dist/a.js',
      'dist/a.d.ts',
      'dist/a.js.map',
      'dist/.tsbuildinfo',
    ];
    const stale = [
      'dist/testing/fake.js',
      'dist/b.test.js',
      'dist/gone/c.js',
      'dist/gone/c.d.ts.map',
      'dist/a.test.d.ts',
    ];
    for (const path of [...files, ...stale]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), '');
    }
    removeStale(join(folder, 'dist'), join(folder, 'src'));
    expect(files.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
    expect(stale.filter((path) => existsSync(join(folder, path)))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
