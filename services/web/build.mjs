// Bundles the meeting page: `services/web/dist/{index.html,app-HASH.js,style-HASH.css}` with source maps. Run by
// itself or through `buildWeb()`; answers at once when nothing that went into the last bundle has changed.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const out = join(here, 'dist');
// Outside of `dist`: the gateway serves all of that.
const manifest = join(here, '.cache', 'bundle.json');

/** @returns {Promise<{ built: boolean, outDir: string, scriptBytes: number }>} */
export async function buildWeb() {
  const last = await readManifest();
  if (last && existsSync(join(out, 'index.html')) && (await fingerprint(last.inputs)) === last.fingerprint) {
    return { built: false, outDir: out, scriptBytes: last.scriptBytes };
  }
  const { build } = await import('esbuild');
  const { browserslist } = JSON.parse(await readFile(join(root, 'libs/client/package.json'), 'utf8'));
  await mkdir(out, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { app: join(here, 'src/main.ts'), style: join(here, 'src/style.css') },
    outdir: out,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    sourcemap: true,
    format: 'esm',
    // `chrome 111` is `chrome111` to esbuild.
    target: browserslist.map((browser) => browser.replace(' ', '')),
    // The SDK from its sources: no build order to keep, and source maps that end in TypeScript.
    conditions: ['source'],
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  const outputs = Object.keys(metafile.outputs).map((path) => basename(path));
  const script = outputs.find((name) => /^app-\w+\.js$/.test(name));
  const style = outputs.find((name) => /^style-\w+\.css$/.test(name));
  if (!script || !style) throw new Error('the bundle lacks its script or its style');
  const template = join(here, 'src/index.html');
  const page = (await readFile(template, 'utf8'))
    .replace('%SCRIPT%', `./${script}`)
    .replace('%STYLE%', `./${style}`);
  await writeFile(join(out, 'index.html'), page);
  await removeOthers([...outputs, 'index.html']);
  const inputs = [...Object.keys(metafile.inputs), template, fileURLToPath(import.meta.url)].map((path) =>
    relative(root, resolve(root, path)),
  );
  const scriptBytes = (await stat(join(out, script))).size;
  await mkdir(dirname(manifest), { recursive: true });
  await writeFile(manifest, JSON.stringify({ inputs, fingerprint: await fingerprint(inputs), scriptBytes }));
  return { built: true, outDir: out, scriptBytes };
}

async function readManifest() {
  try {
    return JSON.parse(await readFile(manifest, 'utf8'));
  } catch {
    return undefined;
  }
}

async function fingerprint(inputs) {
  const hash = createHash('sha256');
  for (const path of inputs.toSorted()) {
    const content = await readFile(join(root, path)).catch(() => undefined);
    hash
      .update(path)
      .update('\0')
      .update(content ?? 'gone');
  }
  return hash.digest('hex');
}

async function removeOthers(keep) {
  for (const name of await readdir(out)) {
    if (!keep.includes(name)) await rm(join(out, name), { force: true, recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = performance.now();
  const { built, scriptBytes } = await buildWeb();
  const what = built ? 'built' : 'unchanged';
  console.log(
    `meeting page ${what} in ${Math.round(performance.now() - started)} ms, script ${Math.round(scriptBytes / 1024)} KiB`,
  );
}
