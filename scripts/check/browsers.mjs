// The meeting page, with the SDK in it, calls nothing that the oldest supported browsers lack. `browserslist` in
// libs/client/package.json states which those are; esbuild lowers syntax to it, but adds no missing functions.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../setup/paths.mjs';
import { esbuildTargets, readFloor, tooNew } from './browser-floor.mjs';

const require = createRequire(import.meta.url);
const { browserslist } = JSON.parse(readFileSync(join(root, 'libs', 'client', 'package.json'), 'utf8'));

/** Calls that the code makes only where the browser has them, with the reason. */
const GUARDED = new Map(
  JSON.parse(readFileSync(join(root, 'scripts', 'check', 'guarded-calls.json'), 'utf8')),
);

const { outputFiles, metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['services/web/src/main.ts'],
  bundle: true,
  write: false,
  metafile: true,
  format: 'esm',
  target: esbuildTargets(browserslist),
  conditions: ['source'],
  legalComments: 'none',
  logLevel: 'error',
});
const data = require('@mdn/browser-compat-data');
const found = tooNew(outputFiles[0].text, readFloor(browserslist), data);
const unguarded = found.filter((line) => !GUARDED.has(line.split(':')[0]));
for (const line of unguarded) console.log(`too new for ${browserslist.join(', ')}: ${line}`);
// zod checks what services receive; in the page it would double the script.
const withZod = Object.keys(Object.values(metafile.outputs)[0].inputs).some((path) => path.includes('/zod/'));
if (withZod)
  console.log('zod is in the bundle: the page must import no module of libs/protocol that holds schemas');
process.exitCode = unguarded.length === 0 && !withZod ? 0 : 1;
