import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { NODE_MAJOR } from './setup/node-toolchain.mjs';
import { root } from './setup/paths.mjs';

const run = promisify(execFile);
const read = (path) => readFileSync(join(root, path), 'utf8');
const enginesOf = (folder) => JSON.parse(read(`${folder}/package.json`)).engines?.node;

const PROGRAMS = [
  { what: 'The gateway', folder: 'services/gateway', main: 'main' },
  { what: 'The media node', folder: 'services/media-node', main: 'main' },
  { what: 'Control', folder: 'services/control', main: 'main' },
  { what: 'skeinctl', folder: 'services/control', main: 'skeinctl/main' },
];

// What Node.js 20 is and lacks, for a machine that has none.
const AS_NODE_20 = `data:text/javascript,${encodeURIComponent(`
  Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2', modules: '115' } });
  delete Promise.withResolvers;`)}`;

const olderNodes = [...new Set((process.env.PATH ?? '').split(delimiter))]
  .map((folder) => join(folder, 'node'))
  .filter((file) => existsSync(file));

describe.each(PROGRAMS)('$what under an older Node.js', ({ what, folder, main }) => {
  const line = (version) =>
    new RegExp(
      `^${what} needs Node.js ${enginesOf(folder)} and was started with ${version}; start it .*\\n$`,
    );
  const startedWith = async (program, args) => {
    const script = join(root, folder, 'dist', `${main}.js`);
    // It would wait for its servers if it started.
    const options = { env: {}, timeout: 10_000 };
    return await run(program, [...args, script], options).catch((error) => error);
  };

  it('a program exits 78 with one line that names the version it needs', async () => {
    const { code, stdout, stderr } = await startedWith(process.execPath, ['--import', AS_NODE_20]);
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toMatch(line('20\\.20\\.2'));
  });

  it('a program exits 78 under the older Node.js of this machine, too', async () => {
    for (const node of olderNodes) {
      const { stdout: version } = await run(node, ['--version']);
      if (Number(/^v(\d+)/.exec(version)?.[1]) >= NODE_MAJOR) continue;
      const { code, stderr } = await startedWith(node, []);
      expect(code).toBe(78);
      expect(stderr).toMatch(line(version.trim().slice(1)));
    }
  });
});

it("each package's engines are what its programs check and what npm start brings", () => {
  for (const { folder, main } of PROGRAMS) {
    const checked = /requireNode\('[^']*', '([^']*)'\)/.exec(
      read(`${folder}/src/${main.replace(/main$/, 'required-node')}.ts`),
    )?.[1];
    expect(checked).toBe(enginesOf(folder));
    expect(checked).toMatch(new RegExp(`^>=${NODE_MAJOR}\\.`));
  }
});

it("a package's engines cover those of its dependencies", () => {
  const { packages } = JSON.parse(read('package-lock.json'));
  const least = (range) =>
    /^(?:>=|\^)\s?(\d+)(?:\.(\d+))?/
      .exec(range ?? '')
      ?.slice(1)
      .map((part) => Number(part ?? 0)) ?? [0, 0];
  for (const { folder } of PROGRAMS) {
    const [major, minor] = least(enginesOf(folder));
    const { dependencies } = packages[folder];
    for (const name of Object.keys(dependencies)) {
      const [otherMajor, otherMinor] = least(
        packages[`node_modules/${name}`]?.engines?.node ?? enginesIn(name),
      );
      expect([name, major * 100 + minor]).toEqual([
        name,
        Math.max(major * 100 + minor, otherMajor * 100 + otherMinor),
      ]);
    }
  }

  function enginesIn(name) {
    const { resolved, link } = packages[`node_modules/${name}`] ?? {};
    return link ? enginesOf(resolved) : undefined;
  }
});
