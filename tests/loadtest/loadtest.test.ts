import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCluster, type LocalCluster } from '@skein/local-cluster';
import { eventually } from '@skein/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const TOOL = fileURLToPath(new URL('../../loadtest/dist/run/main.js', import.meta.url));

/** A busy machine takes its time to start a cluster. */
const RUN_DEADLINE_MS = 90_000;

const MEETING = `
name: tiny-meeting
duration: 5s
cluster: { mediaNodes: 2, gateways: 1 }
groups:
  - name: people
    rooms: 2
    peersPerRoom: 2
    join: { rate: 8 }
    publish: { audio: true, video: true }
thresholds: { loss: 0, joinsFailed: 0, peersLost: 0, silentSubscriptions: 0, latencyMs: { p50: 1000 } }
`;

/** Ten times ten times ... of one word. */
const ALIASES = Array.from({ length: 9 }, (_, level) => {
  const below = level === 0 ? 'word' : `*of${level - 1}`;
  return `of${level}: &of${level} [${Array.from({ length: 10 }, () => below).join(', ')}]\n`;
}).join('');

const ENDLESS = MEETING.replace('tiny-meeting', 'endless')
  .replace('duration: 5s', 'duration: 24h')
  .replace('rooms: 2', 'rooms: 100\n    stay: 1s\n    away: 0s');

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skein-loadtest-test-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

class Run {
  stdout = '';
  stderr = '';
  readonly child: ChildProcess;
  readonly code: Promise<number | null>;

  constructor(...args: readonly string[]) {
    this.child = spawn(process.execPath, [TOOL, ...args], {
      cwd: folder,
      env: { ...process.env, INIT_CWD: folder },
    });
    this.child.stdout?.on('data', (text) => (this.stdout += String(text)));
    this.child.stderr?.on('data', (text) => (this.stderr += String(text)));
    this.code = new Promise((resolve) => this.child.on('close', resolve));
  }

  get lines(): string[] {
    return this.stderr.trim().split('\n');
  }
}

/** As far as it is looked at here; all of it is in docs/loadtest.md. */
interface Document {
  readonly schemaVersion: number;
  readonly ended: string;
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
  readonly samples: readonly { readonly peers: number }[];
}

function scenario(text: string): string {
  writeFileSync(join(folder, 'scenario.yaml'), text);
  return 'scenario.yaml';
}

function documentAt(file: string): Document {
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as Document;
}

describe('a tiny meeting on a cluster of its own', () => {
  it(
    'passes, and leaves a document and a report behind',
    async () => {
      const run = new Run(
        'run',
        scenario(MEETING),
        '--json',
        'out.json',
        '--report',
        'out.html',
        '--seed',
        '5',
      );
      expect({ code: await run.code, said: run.stderr + run.stdout }).toMatchObject({ code: 0 });
      const { figures, ...document } = documentAt('out.json');
      expect(document).toMatchObject({ schemaVersion: 1, ended: 'finished', ok: true, problems: [] });
      expect(figures).toMatchObject({ joinsAnswered: 4, peersMost: 4, packetsLost: 0, subscriptionsMost: 8 });
      for (const measured of [
        'packetsReceived',
        'cpuUsPerPacket',
        'redisScriptsPerJoin',
        'natsMessagesPerJoin',
      ]) {
        expect({ measured, value: figures[measured] }).toEqual({ measured, value: expect.any(Number) });
        expect(figures[measured]).toBeGreaterThan(0);
      }
      expect(run.stdout).toContain('tiny-meeting: passed');
      expect(readFileSync(join(folder, 'out.html'), 'utf8')).toContain('tiny-meeting');
    },
    RUN_DEADLINE_MS,
  );
});

describe('a cluster that runs already', () => {
  let cluster: LocalCluster;

  beforeAll(async () => {
    cluster = await startCluster({ gateways: 1, mediaNodes: 1, controls: 0 });
  });

  afterAll(async () => cluster?.stop());

  it(
    'keeps what was measured when a process of peers dies and when Ctrl-C is pressed',
    async () => {
      const long = MEETING.replace('duration: 5s', 'duration: 60s\nprocesses: 2');
      const run = new Run(
        'run',
        scenario(long),
        '--url',
        cluster.gateways[0]?.url ?? '',
        '--json',
        'cut.json',
      );
      await eventually('all peers to be there', () => run.stderr.includes(' 4 peers '), {
        deadlineMs: 20_000,
      });
      process.kill(childrenOf(run.child.pid ?? 0)[0] ?? 0, 'SIGKILL');
      await eventually('two peers to be left', () => run.stderr.includes(' 2 peers '), {
        deadlineMs: 20_000,
      });
      run.child.kill('SIGINT');
      expect(await run.code).toBe(130);
      const { ended, ok, problems, figures, samples } = documentAt('cut.json');
      expect({ ended, ok }).toEqual({ ended: 'interrupted', ok: false });
      expect(problems).toContainEqual(expect.stringContaining('a process of peers has ended (SIGKILL)'));
      expect(figures).toMatchObject({ joinsAnswered: 4, peersLost: 2 });
      expect(samples.some(({ peers }) => peers === 4)).toBe(true);
      expect(run.stdout).toContain('not ok: the run was interrupted');
    },
    RUN_DEADLINE_MS,
  );

  it(
    'leaves the summary and the report when the disk has no room for the document',
    async () => {
      const url = cluster.gateways[0]?.url ?? '';
      const files = ['--json', '/dev/full', '--report', 'kept.html'];
      const run = new Run('run', scenario(MEETING), '--url', url, ...files);
      expect(await run.code).toBe(1);
      expect(run.stdout).toContain('joins         4 of 4');
      expect(run.lines.at(-1)).toContain('/dev/full could not be written: ENOSPC');
      expect(readFileSync(join(folder, 'kept.html'), 'utf8')).toContain('tiny-meeting');
    },
    RUN_DEADLINE_MS,
  );

  it('says why when nobody can join', async () => {
    const nowhere = MEETING.replace('publish:', 'node: no-such-node\n    publish:');
    const run = new Run(
      'run',
      scenario(nowhere),
      '--url',
      cluster.gateways[0]?.url ?? '',
      '--json',
      'none.json',
    );
    expect(await run.code).toBe(1);
    const { ended, problems } = documentAt('none.json');
    expect(ended).toBe('given-up');
    expect(problems[0]).toContain('nobody could join: NODE_NOT_FOUND');
  });
});

describe('bad input', () => {
  let stranger: Server;

  beforeAll(async () => {
    stranger = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  });

  afterAll(() => stranger.close());

  it('ends with one clear line for a URL that is not ours', async () => {
    const { port } = stranger.address() as AddressInfo;
    const run = new Run('run', scenario(MEETING), '--url', `http://127.0.0.1:${port}`);
    expect(await run.code).toBe(1);
    expect(run.lines.at(-1)).toBe(
      `loadtest: http://127.0.0.1:${port}: what answers there is not a gateway of Skein (HTTP 200 for /v1/signal)`,
    );
  });

  it.each([
    [
      ['run', 'scenario.yaml', '--url', 'nonsense'],
      1,
      'nonsense is not a URL of a gateway: write http://HOST:PORT',
    ],
    [['run', 'meting'], 2, 'there is no scenario meting; did you mean meeting?'],
    [
      ['run', 'typos.yaml'],
      2,
      'typos.yaml: durration (line 2): there is no such setting; did you mean duration?',
    ],
    [['validate', 'typos.yaml'], 2, 'typos.yaml: groups (line 3): '],
    [['run', 'scenario.yaml', '--json', 'no/such/folder'], 1, 'no/such/folder cannot be written: ENOENT'],
    [['validate', 'aliases.yaml'], 2, 'aliases.yaml: its aliases (*name) have no end'],
    [['run', 'endless.yaml'], 2, 'endless has over 2000000 steps: take fewer peers'],
    [['run', 'scenario.yaml', '--reprot', 'x'], 2, 'there is no option --reprot; did you mean --report?'],
  ])('ends with a clear line: %j', async (args, code, line) => {
    scenario(MEETING);
    writeFileSync(join(folder, 'typos.yaml'), 'name: x\ndurration: 1s\ngroups: []\n');
    writeFileSync(join(folder, 'aliases.yaml'), ALIASES);
    writeFileSync(join(folder, 'endless.yaml'), ENDLESS);
    const run = new Run(...args);
    expect(await run.code).toBe(code);
    expect(run.stderr).toContain(`loadtest: ${line}`);
    expect(run.stderr).not.toContain('starting a cluster');
    expect(run.stderr).not.toContain('    at ');
  });

  it('is no scenario that is ready', async () => {
    const [list, validate] = [new Run('list'), new Run('validate', 'meeting')];
    expect([await list.code, await validate.code]).toEqual([0, 0]);
    expect(list.stdout).toContain('join-storm');
    expect(validate.stdout).toBe('meeting: 40 peers, 30 s\n');
  });
});

/** Processes that this one has started, as Linux tells. */
function childrenOf(pid: number): number[] {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return [];
  return readdirSync(tasks).flatMap((task) =>
    readFileSync(`${tasks}/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}
