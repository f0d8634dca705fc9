import { describe, expect, it } from 'vitest';
import { scenarioSchema } from '../scenario/schema.ts';
import { signalUrlOf } from './adapters/gateway-check.ts';
import { parseCommandLine } from '../cli/command-line.ts';
import { defineLoadtest, explainLoadCommand } from './command-line.ts';
import { preflight } from './preflight.ts';
import { Progress, progressLine } from './progress.ts';
import { sampleOf } from './samples.ts';
import { testCluster, testHistogram, testReport } from '../testing/peer-reports.ts';

describe('the command line of the load tool', () => {
  const parse = (args: readonly string[]) => parseCommandLine(defineLoadtest, args, explainLoadCommand);

  it('takes a scenario, gateways and files to write', () => {
    const args = ['run', 'a.yaml', '--url', 'http://a', '--url=http://b', '--json', 'o.json', '--seed', '7'];
    expect(parse(args)).toEqual({
      kind: 'run',
      run: {
        ...{ scenario: 'a.yaml', urls: ['http://a', 'http://b'], seed: 7, json: 'o.json' },
        ...{ control: undefined, report: undefined },
      },
    });
    expect(parse(['list'])).toEqual({ kind: 'list' });
    expect(parse(['run', '--help'])).toEqual({
      kind: 'help',
      text: expect.stringContaining('Usage: npm run loadtest -- run [options] <scenario...>') as string,
    });
  });

  it.each([
    [[], 'what to do? run, validate, list, help'],
    [['rum', 'x'], 'there is no command rum; did you mean run?'],
    [['meeting.yaml'], 'write `run meeting.yaml`'],
    [['run'], 'run which scenario?'],
    [['run', 'a', 'b'], 'one scenario at a time: a b'],
    [['run', 'a', '--reprot', 'x'], 'there is no option --reprot; did you mean --report?'],
    [['run', 'a', '--json', 'x', '--report', 'x'], '--json and --report would both write x'],
    [['run', 'a', '--seed', '0'], '--seed 0 is not a whole number from 1 on'],
  ])('refuses %j', (args, why) => {
    expect(parse(args)).toEqual({ kind: 'refused', why });
  });
});

it.each([
  ['http://localhost:8080', 'ws://localhost:8080/v1/signal'],
  ['https://meet.example.com/', 'wss://meet.example.com/v1/signal'],
  ['wss://meet.example.com/v1/signal', 'wss://meet.example.com/v1/signal'],
])('finds signaling of %s', (url, signal) => {
  expect(signalUrlOf(url)).toBe(signal);
});

describe('before a run', () => {
  const scenario = (group: object) =>
    scenarioSchema.parse({ name: 'x', duration: '1s', groups: [{ name: 'g', peersPerRoom: 40, ...group }] });

  it('the peers are spread over as many processes as help on this machine', () => {
    expect(preflight(scenario({}), { cores: 2 }).processes).toBe(2);
    expect(preflight(scenario({}), { cores: 64 }).processes).toBe(4);
    expect(preflight(scenario({ peersPerRoom: 1 }), { cores: 64 }).processes).toBe(1);
  });

  it('too few file handles cause a warning', () => {
    const { warnings } = preflight(scenario({ peersPerRoom: 2000, connect: 'signaling' }), {
      ...{ cores: 2, fileLimit: 1024 },
    });
    expect(warnings).toEqual([
      'about 2064 open files are needed in one process and 1024 are allowed: raise `ulimit -n`',
    ]);
    expect(preflight(scenario({}), { cores: 2, fileLimit: 1024 }).warnings).toEqual([]);
  });
});

describe('progress', () => {
  const sample = sampleOf({
    ...{
      fromMs: 1000,
      toMs: 2000,
      busiestToolCpu: 0.25,
      before: testCluster(1000, 0),
      after: testCluster(2000, 400),
    },
    report: testReport(
      { packetsReceived: 900, packetsLost: 100, bytesReceived: 125_000, latencyMs: testHistogram(2) },
      { peers: 4 },
    ),
  });

  it('is one line', () => {
    expect(progressLine(sample)).toBe(
      '   2 s  4 peers  900 packets/s  1.0 Mbit/s  loss 10.00 %  latency 2.0/2.0 ms  nodes 40 %  tool 25 %',
    );
  });

  it('is written over on a terminal, and comes every 5 s elsewhere', () => {
    const write = (isTTY: boolean): string => {
      let text = '';
      const progress = new Progress({ isTTY, columns: 200, write: (more) => (text += more) });
      for (let second = 1; second <= 11; second++) progress.sample({ ...sample, toMs: second * 1000 });
      progress.end();
      return text;
    };
    expect(write(false).split('\n')).toHaveLength(4);
    expect(write(true).split('\r')).toHaveLength(12);
    expect(write(true)).not.toContain('\n');
  });
});
