import { expect, it } from 'vitest';
import type { LogLevel } from '../logger.ts';
import { createLogger } from './pino-logger.ts';

function logging(level: LogLevel = 'info') {
  const lines: string[] = [];
  return { lines, log: createLogger('gateway', level, (line) => lines.push(line)) };
}

const addresses = ['203.0.113.7', '2001:db8::7'];

it.each(addresses)('no IP address reaches a log: %s', (ip) => {
  const { lines, log } = logging();
  const error = Object.assign(
    new Error(`connect ECONNREFUSED ${ip}:4443`, { cause: new Error(`from ${ip}`) }),
    {
      details: { peer: ip },
    },
  );
  log.info({ ip, list: [ip], deep: { remote: `${ip}` } }, `client ${ip} came`);
  log.warn({ err: error }, 'failed');
  log.error({ error }, 'failed');
  log.child({ peer: ip }).fatal({}, `bye\n${ip}`);
  log.info({ body: JSON.stringify({ candidate: ip }) }, 'nested');
  expect(lines).toHaveLength(5);
  for (const line of lines) {
    expect(line).not.toContain(ip);
    expect(() => JSON.parse(line) as unknown).not.toThrow();
  }
});

it('a line has level, time, service, message, and the fields of the loggers above it', () => {
  const { lines, log } = logging();
  log.child({ room: 'lobby' }).info({ participant: 'ann' }, 'joined');
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
    service: 'gateway',
    room: 'lobby',
    participant: 'ann',
    msg: 'joined',
  });
});

it('an error is written with its code and its causes', () => {
  const { lines, log } = logging();
  const cause = new Error('the socket closed');
  log.error({ err: Object.assign(new Error('no pipe', { cause }), { code: 'PIPE_FAILED' }) }, 'failed');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    err: { code: 'PIPE_FAILED', message: 'no pipe', cause: { message: 'the socket closed' } },
  });
});

it('debug lines are whole, and only written when asked for', () => {
  const quiet = logging('info');
  quiet.log.debug({}, 'from 203.0.113.7');
  expect(quiet.lines).toEqual([]);
  const loud = logging('debug');
  loud.log.debug({}, 'from 203.0.113.7');
  loud.log.info({}, 'from 203.0.113.7');
  expect(loud.lines.map((line) => line.includes('203.0.113.7'))).toEqual([true, false]);
});
