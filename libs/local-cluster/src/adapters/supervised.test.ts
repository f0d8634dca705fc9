import { describe, expect, it } from 'vitest';
import { Supervised } from './supervised.ts';

const READY = `console.log('ready');`;
const FOREVER = `setInterval(() => {}, 1000);`;

describe('Supervised', () => {
  it('tells of a process that ends early: its name, its exit code and its last lines', async () => {
    const failing = node(`console.error('no such room'); process.exit(3);`);
    await expect(failing.start()).rejects.toMatchObject({
      code: 'EXITED_EARLY',
      message: 'child ended with exit code 3 before it was ready. Its last lines:\n  no such room',
    });
  });

  it('gives up on a process that is never ready, and ends it', async () => {
    const silent = node(FOREVER, { readyDeadlineMs: 300 });
    await expect(silent.start()).rejects.toMatchObject({ code: 'NOT_READY' });
    expect(silent.pid).toBeUndefined();
  });

  it('names a program that is not installed', async () => {
    const missing = new Supervised({
      ...supervision(READY),
      spec: { ...spec(READY), program: 'no-such-program' },
    });
    await expect(missing.start()).rejects.toMatchObject({ code: 'MISSING_PROGRAM' });
  });

  it('ends a process that ignores SIGTERM with SIGKILL at the deadline', async () => {
    const stubborn = node(`process.on('SIGTERM', () => {}); ${FOREVER} ${READY}`, { stopDeadlineMs: 100 });
    await stubborn.start();
    await stubborn.stop();
    expect(stubborn.pid).toBeUndefined();
    expect(stubborn.status).toEqual({ status: 'stopped' });
  });

  it('lets a process finish its work, and fails when it does not exit in time', async () => {
    const tidy = node(
      `process.on('SIGTERM', () => setTimeout(() => process.exit(0), 50)); ${FOREVER} ${READY}`,
    );
    await tidy.start();
    expect(await tidy.drain(5_000)).toEqual({ code: 0, signal: null });
    const stubborn = node(`process.on('SIGTERM', () => {}); ${FOREVER} ${READY}`, { stopDeadlineMs: 100 });
    await stubborn.start();
    await expect(stubborn.drain(100)).rejects.toThrow('has not ended by itself within 0.1 s');
    expect(stubborn.pid).toBeDefined();
    await stubborn.stop();
  });

  it('reports an end that nobody asked for, and can start the process again', async () => {
    const child = node(`process.on('SIGUSR2', () => process.exit(9)); ${FOREVER} ${READY}`);
    await child.start();
    const exit = new Promise((resolve) => (child.onUnexpectedExit = resolve));
    process.kill(child.pid ?? 0, 'SIGUSR2');
    expect(await exit).toEqual({ code: 9, signal: null });
    expect(child.status).toEqual({ status: 'exited', exit: { code: 9, signal: null } });
    await child.restart();
    expect(child.status.status).toBe('ready');
    await child.stop();
  });
});

interface Deadlines {
  readonly readyDeadlineMs?: number;
  readonly stopDeadlineMs?: number;
}

function node(script: string, deadlines: Deadlines = {}): Supervised<true> {
  return new Supervised({ ...supervision(script), ...deadlines });
}

function supervision(script: string) {
  return {
    spec: spec(script),
    readyDeadlineMs: 10_000,
    stopDeadlineMs: 5_000,
    readyLine: (line: string) => (line === 'ready' ? (true as const) : undefined),
  };
}

function spec(script: string) {
  return { name: 'child', program: process.execPath, args: ['-e', script], env: process.env };
}
