import { systemClock } from '@skein/runtime';
import { parseCommandLine, usageOf, type DefineProgram, type ExplainCommand } from './command-line.ts';
import { InputRefused } from './input-refused.ts';
import { Interruption, type InterruptionOptions } from './interruption.ts';

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

export interface ToolContext {
  /** Aborted by the first Ctrl-C of a tool with `onSignal: 'abort'`. */
  readonly signal: AbortSignal;
  /** The exit code that the signal asks for; `undefined` before there is one. */
  readonly interruptedWith: () => number | undefined;
  /** A line for people, on stderr. */
  readonly say: (line: string) => void;
  /** The result, on stdout. */
  readonly print: (text: string) => void;
}

export interface Tool<Asked extends { readonly kind: string }> extends InterruptionOptions {
  /** As its lines for people begin. */
  readonly name: string;
  readonly define: DefineProgram<Asked>;
  readonly explainCommand?: ExplainCommand;
  /** Answers with the exit code. What it throws is said as `NAME: message`, with exit code 1 (`InputRefused`: 2). */
  readonly run: (asked: Asked, context: ToolContext) => Promise<number> | number;
}

/**
 * Runs a command-line tool to its end: parses the arguments, handles signals, says what went wrong in one line each, and
 * exits. Exit codes: 0, 1 for a failure or a result that does not hold, 2 for wrong input, 128 + N after signal N.
 */
export async function runTool<Asked extends { readonly kind: string }>(tool: Tool<Asked>): Promise<never> {
  // Nobody may read any more (a closed terminal, `| head`): no reason to lose a run of hours.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const interruption = new Interruption(tool);
  const context: ToolContext = {
    signal: interruption.signal,
    interruptedWith: () => interruption.exitCode,
    say: (line) => void process.stderr.write(`${tool.name}: ${line}\n`),
    print: (text) => void process.stdout.write(text),
  };
  const exitCode = await execute(tool, context);
  // Workers, native peers and browsers may keep the loop alive; by now nothing is left that matters.
  process.exit(exitCode);
}

async function execute<Asked extends { readonly kind: string }>(
  tool: Tool<Asked>,
  context: ToolContext,
): Promise<number> {
  const parsed = parseCommandLine(tool.define, process.argv.slice(2), tool.explainCommand);
  if (isHelp(parsed)) {
    context.print(parsed.text);
    return 0;
  }
  if (isRefused(parsed)) {
    context.say(`${parsed.why}\n\n${usageOf(tool.define).trimEnd()}`);
    return EXIT_USAGE;
  }
  try {
    return await tool.run(parsed, context);
  } catch (error) {
    const interrupted = context.interruptedWith();
    if (interrupted !== undefined) {
      context.say('interrupted before anything was measured');
      return interrupted;
    }
    const message = error instanceof Error ? error.message : String(error);
    for (const line of message.split('\n')) context.say(line);
    if (process.env['SKEIN_LOG_LEVEL'] === 'debug' && error instanceof Error) context.say(error.stack ?? '');
    return error instanceof InputRefused ? EXIT_USAGE : EXIT_FAILED;
  }
}

function isHelp(parsed: {
  readonly kind: string;
}): parsed is { readonly kind: 'help'; readonly text: string } {
  return parsed.kind === 'help';
}

function isRefused(parsed: {
  readonly kind: string;
}): parsed is { readonly kind: 'refused'; readonly why: string } {
  return parsed.kind === 'refused';
}

/** A `say` whose lines begin with `prefix` and the seconds since now, for tools that take a while. */
export function stamped(prefix: string): (line: string) => void {
  const fromMs = systemClock.monotonicMs();
  return (line) => {
    const seconds = ((systemClock.monotonicMs() - fromMs) / 1000).toFixed(1);
    process.stderr.write(`${prefix} ${seconds.padStart(6)} s: ${line}\n`);
  };
}
