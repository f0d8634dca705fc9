import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { forwardSignals } from './signals.mjs';
import { UserError } from './user-error.mjs';

// Debian keeps servers in `sbin`, which a user's PATH often lacks.
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin'];
const KEPT_LINES = 25;
const DEADLINE_MS = 30 * 60_000;

/** The path of a program, or `undefined`. */
export function findProgram(name, env = process.env) {
  const folders = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs a program to its end with its output held back; `onLine` gets each line. A failure shows the last lines.
 * Its process group ends with this process, however that ends short of SIGKILL.
 */
export function run(command, args, { onLine = () => {}, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...options });
    const lines = [];
    const endWithUs = () => signalGroup(child.pid, 'SIGTERM');
    process.once('exit', endWithUs);
    const deadline = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), DEADLINE_MS);
    for (const stream of [child.stdout, child.stderr]) {
      readLines(stream, (line) => {
        lines.push(line);
        if (lines.length > KEPT_LINES) lines.shift();
        onLine(line);
      });
    }
    const finish = (failure) => {
      clearTimeout(deadline);
      process.removeListener('exit', endWithUs);
      if (!failure) return resolve();
      const shown = lines.map((line) => `  ${line}`).join('\n');
      reject(new UserError(`${[command, ...args].join(' ')} ${failure}${shown && `\n${shown}`}`));
    };
    child.on('error', (error) => finish(`could not be started: ${error.message}`));
    child.on('close', (code, signal) => {
      if (code === 0) finish();
      else finish(signal ? `was ended by ${signal}` : `failed with exit code ${code}`);
    });
  });
}

function readLines(stream, onLine) {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    lines.forEach(onLine);
  });
  stream.on('end', () => rest && onLine(rest));
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has already ended.
  }
}

/** Runs a program with this terminal's own streams. Resolves with its exit code. */
export function runInForeground(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    // The kernel passes on the death of this process, even by SIGKILL, so that nothing outlives it.
    const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;
    const [program, ...rest] = setpriv
      ? [setpriv, '--pdeathsig', 'TERM', '--', command, ...args]
      : [command, ...args];
    const child = spawn(program, rest, { stdio: 'inherit', ...options });
    const stopForwarding = forwardSignals(child);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      stopForwarding();
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}
