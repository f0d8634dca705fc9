import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from './commands.ts';
import { completionScript } from './completion-scripts.ts';
import { completionsOf } from './completion.ts';
import { namesFrom } from './names.ts';

const names = { nodes: ['media-1', 'media-2'], rooms: ['lobby', 'big room', 'two\nlines'] };

/** The candidates for a line; what follows its last space is completed. */
const complete = (line: string) =>
  completionsOf(line.split(' '), commands, (source) => Promise.resolve(names[source]));

describe('completion', () => {
  it.each([
    ['', ['nodes', 'rooms', 'room', 'node', 'rebalance', 'completion']],
    ['ro', ['rooms', 'room']],
    ['node ', ['drain']],
    ['node drain ', ['media-1', 'media-2']],
    ['node drain media-1 ', []],
    ['node drain media-1 --d', ['--deadline']],
    ['--control here:1 node drain media-2', ['media-2']],
    ['room ', ['lobby', 'big room']],
    ['room b', ['big room']],
    ['rooms ', []],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['nodes --', ['--json', '--control', '--help']],
    ['nodes --control ', []],
    ['frobnicate ', []],
  ])('offers for %j: %j', async (line, candidates) => {
    expect(await complete(line)).toEqual(candidates);
  });

  it('offers no names when control does not answer', async () => {
    const away = () => Promise.reject(new Error('away'));
    const readNames = namesFrom({ listNodes: away, listRooms: away });
    expect(await completionsOf(['room', ''], commands, readNames)).toEqual([]);
  });
});

describe('the script for bash', () => {
  it('offers names as they are, quoted, and lets the shell expand none of them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'skeinctl-'));
    try {
      const evil = '$(touch evil) `touch evil` room';
      const stub = `#!/bin/sh\nprintf '%s\\n' 'lobby' '${evil}' "$*"\n`;
      writeFileSync(join(folder, 'skeinctl'), stub, { mode: 0o755 });
      const asked = `${completionScript('bash')}
COMP_WORDS=(skeinctl room '') COMP_CWORD=2
_skeinctl
printf '%s\\n' "\${COMPREPLY[@]}"; ls`;
      const env = { PATH: `${folder}:/usr/bin:/bin` };
      const out = execFileSync('/bin/bash', ['-c', asked], { cwd: folder, env, encoding: 'utf8' });
      const [lobby, quoted, call, ...files] = out.trim().split('\n');
      expect([lobby, call]).toEqual(['lobby', String.raw`__complete\ --\ room\ `]);
      expect(quoted).toContain(String.raw`\$\(touch\ evil\)`);
      expect(files).toEqual(['skeinctl']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
