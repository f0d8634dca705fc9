#!/usr/bin/env node
// First: what follows does not load under an older Node.js.
import './required-node.ts';
import { SkeinError } from '@skein/protocol';
import { controlService, createRpcClients } from '@skein/rpc';
import { parseCommandLine, type Request } from './command-line.ts';
import { commands } from './commands.ts';
import { completionsOf } from './completion.ts';
import { namesFrom } from './names.ts';

/** As documented: the request failed, or the command line was not understood. */
const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

process.exitCode = await run(parseCommandLine(process.argv.slice(2), process.env, commands));

async function run(request: Request): Promise<number> {
  switch (request.kind) {
    case 'help':
      process.stdout.write(`${request.text}\n`);
      return EXIT.ok;
    case 'usageError':
      process.stderr.write(`skeinctl: ${request.problem}\n\n${request.help}`);
      return EXIT.usage;
    case 'ask':
      return await ask(request);
    case 'complete':
      return await complete(request);
  }
}

async function ask({ ask: send, json, control }: Extract<Request, { kind: 'ask' }>): Promise<number> {
  const clients = createRpcClients();
  try {
    const { document, text } = await send(clients.client(controlService, control));
    process.stdout.write(`${json ? JSON.stringify(document, undefined, 2) : text}\n`);
    return EXIT.ok;
  } catch (error) {
    const { code, message } = SkeinError.from(error);
    process.stderr.write(`skeinctl: ${code}: ${message} (control at ${control})\n`);
    return EXIT.failed;
  } finally {
    clients.close();
  }
}

async function complete({ words, control }: Extract<Request, { kind: 'complete' }>): Promise<number> {
  const clients = createRpcClients();
  try {
    const names = namesFrom(clients.client(controlService, control));
    const candidates = await completionsOf(words, commands, names);
    process.stdout.write(candidates.map((one) => `${one}\n`).join(''));
    return EXIT.ok;
  } finally {
    clients.close();
  }
}
