import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const folder = import.meta.dirname;

it('a TCP connection that is slower than its media drops the picture, keeps sound, and never queues for two seconds', () => {
  const work = mkdtempSync(join(tmpdir(), 'skein-tcp-send-queue-'));
  try {
    const binary = join(work, 'test');
    const flags = ['-std=c++20', '-O1', '-Wall', '-Werror', '-fsanitize=address,undefined'];
    const sources = ['-I', join(folder, 'include'), join(folder, 'tcp-send-queue-test.cpp')];
    execFileSync('g++', [...flags, ...sources, '-o', binary]);
    expect(execFileSync(binary, { encoding: 'utf8' })).toBe('ok\n');
  } finally {
    rmSync(work, { recursive: true });
  }
}, 60_000);
