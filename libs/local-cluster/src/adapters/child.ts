import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { systemClock } from '@skein/runtime';
import { LaunchError, type ProcessExit } from '../launch-error.ts';
import { LineSplitter, LineTail } from '../line-tail.ts';
import { findProgram } from './programs.ts';
import { forgetChild, killGroup, rememberChild } from './reaper.ts';

export interface ChildSpec {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Everything the child prints is appended here. Without it, only the last lines are kept, in memory. */
  readonly logFile?: string | undefined;
  /** Network namespace to run in. Needs root. */
  readonly namespace?: string | undefined;
}

const KEPT_LINES = 200;
// After its end, what it printed last is read. A grandchild that holds the pipes must not hold up the news for longer.
const LAST_WORDS_MS = 200;

/**
 * One running child process in a process group of its own, so that Ctrl-C in a terminal reaches only this
 * process, which then stops its children in order. On Linux the kernel tells the child when this process dies
 * (`setpriv --pdeathsig`), whatever it dies of.
 */
export class Child {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  exit: ProcessExit | undefined;
  readonly #tail = new LineTail(KEPT_LINES);
  readonly #onLine: (line: string) => void;

  /** Throws `MISSING_PROGRAM`. `onLine` gets each line of stdout and stderr. */
  constructor(spec: ChildSpec, onLine: (line: string) => void = () => {}) {
    this.#onLine = onLine;
    const program = findProgram(spec.program);
    if (!program) throw LaunchError.missingProgram(spec.program);
    const [command, ...args] = commandLine(program, spec);
    const child = spawn(command, args, { env: spec.env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.pid = child.pid ?? -1;
    rememberChild(this.pid);
    this.exited = this.#watch(child, spec.logFile);
  }

  lastLines(count = KEPT_LINES): string[] {
    return this.#tail.lines(count);
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.exit && this.pid > 0) process.kill(this.pid, signal);
  }

  /** SIGTERM, then SIGKILL after `deadlineMs`; then whatever is left of its process group. */
  async stop(deadlineMs: number): Promise<void> {
    this.signal('SIGTERM');
    this.signal('SIGCONT');
    using _escalation = systemClock.after(deadlineMs, () => this.signal('SIGKILL'));
    await this.exited;
    killGroup(this.pid);
  }

  #watch(child: ChildProcess, logFile: string | undefined): Promise<ProcessExit> {
    const log = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a' });
    // A full disk must not end the cluster: the log is lost, the last lines stay in memory.
    log?.on('error', () => {});
    for (const stream of [child.stdout, child.stderr]) this.#readLines(stream, log);
    return new Promise((resolve) => {
      let failure: Error | undefined;
      const finish = (exit: ProcessExit): void => {
        if (failure) this.#tail.add(failure.message);
        this.exit = exit;
        forgetChild(this.pid);
        log?.end();
        resolve(exit);
      };
      child.on('error', (error) => {
        failure = error;
        if (child.pid === undefined) finish({ code: 127, signal: null });
      });
      child.on('exit', (code, signal) => {
        const lastWords = systemClock.after(LAST_WORDS_MS, () => finish({ code, signal }));
        child.on('close', () => {
          lastWords[Symbol.dispose]();
          finish({ code, signal });
        });
      });
    });
  }

  #readLines(stream: NodeJS.ReadableStream | null, log: WriteStream | undefined): void {
    const splitter = new LineSplitter();
    const take = (lines: readonly string[]): void => {
      for (const line of lines) {
        this.#tail.add(line);
        this.#onLine(line);
      }
    };
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => {
      if (log?.writable) log.write(text);
      take(splitter.push(text));
    });
    stream?.on('end', () => take(splitter.flush()));
  }
}

/** Each wrapper replaces itself by what it starts, so that the child's id is the program's. */
function commandLine(program: string, { args, namespace }: ChildSpec): [string, ...string[]] {
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;
  const enter = namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${namespace}`, '--'];
  const [command = program, ...rest] = [
    ...(setpriv ? [setpriv, '--pdeathsig', 'TERM', '--'] : []),
    ...enter,
    program,
    ...args,
  ];
  return [command, ...rest];
}
