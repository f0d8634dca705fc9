import { ConfigError, readConfig } from '@skein/runtime';
import { describe, expect, it } from 'vitest';
import { planAddresses, type NodeAddresses } from './address-plan.ts';
import { addressSettings } from './address-settings.ts';

const surroundings = { workers: 2, stores: ['127.0.0.1'] };

/** With variables that leave out `SKEIN_NODE_`. */
function planned(env: Record<string, string>, given: Partial<typeof surroundings> = {}): NodeAddresses {
  const full = Object.fromEntries(Object.entries(env).map(([name, value]) => [`SKEIN_NODE_${name}`, value]));
  return planAddresses(readConfig(addressSettings, full), { ...surroundings, ...given });
}

function refusal(env: Record<string, string>, given: Partial<typeof surroundings> = {}): string {
  try {
    planned(env, given);
    return 'nothing was refused';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
}

describe('what clients are told', () => {
  const told = (env: Record<string, string>) =>
    planned({ GRPC_HOST: '10.0.0.9', PIPE_HOST: '10.0.0.9', ...env }).media.listen;

  it('clients get the listening addresses unless others are announced', () => {
    expect(told({ HOST: '10.0.0.1,fd00::1' })).toEqual([
      { ip: '10.0.0.1', announced: [] },
      { ip: 'fd00::1', announced: [] },
    ]);
  });

  it('clients get every announced address, in order, for sockets of its family', () => {
    const env = { HOST: '0.0.0.0,::', ANNOUNCED_ADDRESS: '203.0.113.7,2001:db8::7,10.0.0.7,sfu.example' };
    expect(told(env)).toEqual([
      { ip: '0.0.0.0', announced: ['203.0.113.7', '10.0.0.7', 'sfu.example'] },
      { ip: '::', announced: ['2001:db8::7', 'sfu.example'] },
    ]);
  });

  it('a listening address is announced for its own socket only', () => {
    const env = { HOST: '10.0.0.1,192.168.0.1', ANNOUNCED_ADDRESS: '203.0.113.7,192.168.0.1' };
    expect(told(env)).toEqual([
      { ip: '10.0.0.1', announced: ['203.0.113.7'] },
      { ip: '192.168.0.1', announced: ['203.0.113.7', '192.168.0.1'] },
    ]);
  });
});

describe('what other nodes are told', () => {
  const peers = (env: Record<string, string>) => {
    const { pipes, grpc } = planned(env);
    return { listens: pipes.ip, media: pipes.announced, calls: grpc.announced };
  };

  it.each([
    [{}, { listens: '127.0.0.1', media: '127.0.0.1', calls: { host: '127.0.0.1' } }],
    [
      { HOST: '10.0.0.1', GRPC_HOST: '0.0.0.0' },
      { listens: '10.0.0.1', media: '10.0.0.1', calls: { host: '10.0.0.1' } },
    ],
    [
      { HOST: '0.0.0.0', ANNOUNCED_ADDRESS: 'sfu.example,203.0.113.7', GRPC_HOST: '0.0.0.0' },
      { listens: '0.0.0.0', media: '203.0.113.7', calls: { host: '203.0.113.7' } },
    ],
    [
      { HOST: '203.0.113.7', PIPE_HOST: '0.0.0.0', PIPE_ANNOUNCED_ADDRESS: '10.0.0.7', GRPC_HOST: '::' },
      { listens: '0.0.0.0', media: '10.0.0.7', calls: { host: '10.0.0.7' } },
    ],
    [
      { HOST: '::1', GRPC_HOST: '::1' },
      { listens: '::1', media: '::1', calls: { host: '::1' } },
    ],
    [
      { HOST: '10.0.0.1', GRPC_HOST: '10.0.0.1', GRPC_ANNOUNCED_ADDRESS: '[2001:db8::7]:7100' },
      { listens: '10.0.0.1', media: '10.0.0.1', calls: { host: '2001:db8::7', port: 7100 } },
    ],
    [
      { HOST: '10.0.0.1', GRPC_HOST: '0.0.0.0', GRPC_ANNOUNCED_ADDRESS: 'media-1' },
      { listens: '10.0.0.1', media: '10.0.0.1', calls: { host: 'media-1' } },
    ],
  ])('%j', (env, expected) => {
    expect(peers(env)).toEqual(expected);
  });

  const addresses = ['127.0.0.1', '10.0.0.1', '0.0.0.0', '::', '::1', 'fd00::1'];
  it('other nodes never get an unspecified address', () => {
    let accepted = 0;
    for (const HOST of [...addresses, '0.0.0.0,::'])
      for (const ANNOUNCED_ADDRESS of ['', '203.0.113.7', '203.0.113.7,2001:db8::7', 'sfu.example'])
        for (const PIPE_HOST of ['', ...addresses])
          for (const GRPC_HOST of addresses) {
            let plan: NodeAddresses;
            try {
              plan = planned({ HOST, ANNOUNCED_ADDRESS, PIPE_HOST, GRPC_HOST });
            } catch {
              continue;
            }
            accepted++;
            const toClients = plan.media.listen.flatMap(({ ip, announced }) =>
              announced.length ? announced : [ip],
            );
            for (const told of [...toClients, plan.pipes.announced, plan.grpc.announced.host])
              expect(['0.0.0.0', '::']).not.toContain(told);
          }
    expect(accepted).toBeGreaterThan(50);
  });
});

it.each([
  [{ HOST: '1234' }, '"1234" is no IP address'],
  [{ HOST: '::::' }, '"::::" is no IP address'],
  [{ HOST: '10.0.0.1,' }, 'an entry of the list is empty'],
  [{ HOST: '10.0.0.1,10.0.0.1' }, '10.0.0.1 is in the list twice'],
  [{ HOST: 'fd00::1,fd00:0::1' }, 'fd00:0::1 is in it twice'],
  [{ HOST: 'fe80::1' }, 'a link-local address'],
  [
    { HOST: '0.0.0.0' },
    'SKEIN_NODE_HOST="0.0.0.0" cannot work: it is every address and none that clients could be told; set SKEIN_NODE_ANNOUNCED_ADDRESS',
  ],
  [{ HOST: '::' }, 'set SKEIN_NODE_ANNOUNCED_ADDRESS'],
  [{ HOST: '0.0.0.0,10.0.0.1', ANNOUNCED_ADDRESS: '10.0.0.1' }, '0.0.0.0 listens on 10.0.0.1 as well'],
  [{ HOST: '0.0.0.0', ANNOUNCED_ADDRESS: '0.0.0.0' }, 'nobody can be told to call it'],
  [{ HOST: '10.0.0.1', ANNOUNCED_ADDRESS: '1234' }, '"1234" is neither'],
  [
    { HOST: '10.0.0.1', ANNOUNCED_ADDRESS: '2001:db8::7' },
    'add an IPv6 address to listen on to SKEIN_NODE_HOST, such as ::',
  ],
  [
    { HOST: '10.0.0.1,fd00::1', ANNOUNCED_ADDRESS: '203.0.113.7' },
    'add fd00::1 or a host name to SKEIN_NODE_ANNOUNCED_ADDRESS',
  ],
  [
    { HOST: '0.0.0.0', ANNOUNCED_ADDRESS: 'sfu.example' },
    'set SKEIN_NODE_PIPE_ANNOUNCED_ADDRESS to the IPv4 address',
  ],
  [{ HOST: '0.0.0.0', ANNOUNCED_ADDRESS: '127.0.0.1' }, 'set SKEIN_NODE_PIPE_ANNOUNCED_ADDRESS'],
  [{ HOST: '10.0.0.1', PIPE_ANNOUNCED_ADDRESS: '::' }, 'nobody can be told to call it'],
  [{ HOST: '10.0.0.1', PIPE_ANNOUNCED_ADDRESS: 'fd00::1' }, 'set SKEIN_NODE_PIPE_HOST to an IPv6 address'],
  [
    { HOST: '10.0.0.1', GRPC_HOST: '10.0.0.1', GRPC_ANNOUNCED_ADDRESS: '0.0.0.0:7100' },
    'nobody can be told to call it',
  ],
  [{ GRPC_ANNOUNCED_ADDRESS: 'a:0' }, 'SKEIN_NODE_GRPC_ANNOUNCED_ADDRESS="a:0" is not allowed'],
  [{ GRPC_HOST: '1234' }, 'SKEIN_NODE_GRPC_HOST="1234" is not allowed'],
  [
    { HOST: 'fd00::1', GRPC_HOST: '0.0.0.0' },
    'other nodes would be told fd00::1, an IPv6 address; listen on ::',
  ],
  [
    { HOST: '10.0.0.1', PIPE_HOST: '10.0.0.1' },
    'SKEIN_NODE_GRPC_HOST="127.0.0.1" cannot work: other nodes are told 10.0.0.1 for media; set SKEIN_NODE_GRPC_HOST',
  ],
  [
    { GRPC_HOST: '10.0.0.1' },
    'SKEIN_NODE_HOST="127.0.0.1" cannot work: other nodes are told to call 10.0.0.1; set SKEIN_NODE_PIPE_HOST',
  ],
])('%j is refused: %s', (env, problem) => {
  const message = refusal(env as Record<string, string>);
  expect(message).toContain(problem);
  expect(message).not.toContain('\n');
});

describe('ports', () => {
  it.each([
    [{ PIPE_PORTS: '30000' }, {}, 'it takes two ports MIN-MAX'],
    [{ PIPE_PORTS: '300-400' }, {}, 'it takes two ports MIN-MAX from 1024'],
    [{ PIPE_PORTS: '40000-30000' }, {}, 'the first port is above the last'],
    [{ PIPE_PORTS: '40000-40030' }, {}, 'it has 31 ports; 2 workers need 32 ports or more'],
    [
      { RTC_PORT: '40000', PIPE_PORTS: '40001-41000' },
      {},
      'it overlaps ports 40000-40001 of 2 workers (SKEIN_NODE_RTC_PORT)',
    ],
    [{ RTC_PORT: '19999' }, {}, 'it overlaps ports 19999-20000'],
    [{ RTC_PORT: '65535' }, {}, 'go past 65535'],
    [{ RTC_PORT: '40000', GRPC_PORT: '40001' }, {}, 'SKEIN_NODE_GRPC_PORT="40001" cannot work'],
    [{ PIPE_PORTS: '1024-65530' }, {}, 'it leaves the workers no ports of their own'],
  ])('%j is refused: %s', (env, given, problem) => {
    expect(refusal(env as Record<string, string>, given)).toContain(problem);
  });

  it('chosen ports lie outside of those for pipes', () => {
    expect(planned({}).media.rtcPorts).toEqual({ min: 30_000, max: 65_535 });
    expect(planned({ PIPE_PORTS: '50000-65535' }).media.rtcPorts).toEqual({ min: 1024, max: 49_999 });
    expect(planned({}).pipes.ports).toEqual({ min: 20_000, max: 29_999 });
  });

  it('fixed ports lie beside those for pipes', () => {
    const { media, pipes } = planned({ RTC_PORT: '40000', PIPE_PORTS: '40002-40033' });
    expect([media.rtcPort, media.rtcPorts, pipes.ports]).toEqual([
      40_000,
      undefined,
      { min: 40_002, max: 40_033 },
    ]);
  });
});

describe('what works on one machine only is warned of', () => {
  it.each([
    [{}, ['127.0.0.1'], []],
    [{ HOST: '10.0.0.1', GRPC_HOST: '10.0.0.1' }, ['nats'], []],
    [{ HOST: '203.0.113.7' }, ['127.0.0.1'], ['set SKEIN_NODE_GRPC_HOST']],
    [{ HOST: '0.0.0.0', ANNOUNCED_ADDRESS: '203.0.113.7' }, ['::1'], ['set SKEIN_NODE_GRPC_HOST']],
    [
      {},
      ['nats.internal'],
      ['set SKEIN_NODE_GRPC_HOST and SKEIN_NODE_PIPE_HOST', 'clients are told a loopback address'],
    ],
  ])('%j with stores at %j', (env, stores, warnings) => {
    const found = planned(env as Record<string, string>, { stores }).warnings;
    expect(found).toEqual(warnings.map((one) => expect.stringContaining(one) as string));
  });
});
