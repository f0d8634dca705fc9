#!/usr/bin/env node
// Generates the TypeScript types of proto/ into libs/rpc/src/generated. With --check it writes nothing and fails
// when the stored types differ from what proto/ says.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url));
const protoDir = join(root, 'proto');
const outDir = join(root, 'libs/rpc/src/generated');
const generator = join(root, 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js');

// The same as those that libs/rpc/src/adapters/proto-files.ts loads with.
const loadOptions = ['--longs=Number', '--enums=String', '--defaults', '--oneofs'];
const outputOptions = [
  '--includeComments',
  '--importFileExtension=.ts',
  '--inputTemplate=%sInput',
  '--outputTemplate=%s',
];

function filesIn(dir, ending) {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();
}

/** Path below the output folder -> text. */
async function generate() {
  const dir = mkdtempSync(join(tmpdir(), 'skein-proto-'));
  try {
    const args = [
      ...loadOptions,
      ...outputOptions,
      '-I',
      protoDir,
      '-O',
      dir,
      ...filesIn(protoDir, '.proto'),
    ];
    execFileSync(process.execPath, [generator, ...args], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const style = await resolveConfig(join(root, 'package.json'));
    const files = new Map();
    for (const path of filesIn(dir, '.ts')) {
      // Where it ran must not show in the result.
      const text = readFileSync(join(dir, path), 'utf8').replace(
        /^\/\/ Original file: .*?(proto\/.*)$/gm,
        '// From $1',
      );
      files.set(path, await format(text, { ...style, parser: 'typescript' }));
    }
    return files;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function stored() {
  try {
    return new Map(filesIn(outDir, '.ts').map((path) => [path, readFileSync(join(outDir, path), 'utf8')]));
  } catch (error) {
    if (error.code === 'ENOENT') return new Map();
    throw error;
  }
}

function check(fresh) {
  const old = stored();
  const paths = new Set([...old.keys(), ...fresh.keys()]);
  const drifted = [...paths].filter((path) => old.get(path) !== fresh.get(path));
  if (drifted.length === 0) return;
  process.stderr.write(
    `libs/rpc/src/generated does not match proto/: ${drifted.join(', ')}\nRun: npm run proto\n`,
  );
  process.exitCode = 1;
}

function write(fresh) {
  rmSync(outDir, { recursive: true, force: true });
  for (const [path, text] of fresh) {
    mkdirSync(dirname(join(outDir, path)), { recursive: true });
    writeFileSync(join(outDir, path), text);
  }
  process.stdout.write(`${fresh.size} files in libs/rpc/src/generated\n`);
}

const files = await generate();
if (process.argv.includes('--check')) check(files);
else write(files);
