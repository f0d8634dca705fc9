export type LaunchErrorCode = 'MISSING_PROGRAM' | 'EXITED_EARLY' | 'NOT_READY' | 'PORT_TAKEN' | 'UNREACHABLE';

/** How a child process ended: with an exit code, or by a signal. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Something could not be started. The first line of the message tells a user what to do about it. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
  readonly code: LaunchErrorCode;

  private constructor(code: LaunchErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }

  static missingProgram(program: string): LaunchError {
    return new LaunchError('MISSING_PROGRAM', `${program} is not installed: no such program in PATH`);
  }

  static exitedEarly(name: string, exit: ProcessExit, lastLines: readonly string[]): LaunchError {
    return new LaunchError(
      'EXITED_EARLY',
      withLines(`${name} ${describeExit(exit)} before it was ready`, lastLines),
    );
  }

  static notReady(name: string, deadlineMs: number, lastLines: readonly string[]): LaunchError {
    return new LaunchError(
      'NOT_READY',
      withLines(`${name} was not ready within ${deadlineMs / 1000} s`, lastLines),
    );
  }

  static portTaken(port: number, advice: string): LaunchError {
    return new LaunchError('PORT_TAKEN', `port ${port} is taken; ${advice}`);
  }

  static unreachable(what: string, address: string, cause: unknown): LaunchError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new LaunchError('UNREACHABLE', `${what} does not answer at ${address} (${why})`, cause);
  }
}

/** `ended with exit code 1`, `was ended by SIGKILL`. */
export function describeExit({ code, signal }: ProcessExit): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

function withLines(message: string, lastLines: readonly string[]): string {
  return lastLines.length === 0
    ? message
    : `${message}. Its last lines:\n${lastLines.map((line) => `  ${line}`).join('\n')}`;
}
