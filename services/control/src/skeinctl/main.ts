#!/usr/bin/env node
// First: what follows does not load under an older Node.js.
import './required-node.ts';
import { SkeinError } from '@skein/protocol';
import { controlService, createRpcClients } from '@skein/rpc';
import { answer } from './answer.ts';
import { parseCommandLine, USAGE, type Command } from './command-line.ts';

process.exitCode = await run(parseCommandLine(process.argv.slice(2), process.env));

async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
      process.stdout.write(`${USAGE}\n`);
      return 0;
    case 'usageError':
      process.stderr.write(`skeinctl: ${command.problem}\n\n${USAGE}\n`);
      return 2;
    case 'ask':
      return await ask(command);
  }
}

async function ask({ question, json, control }: Extract<Command, { kind: 'ask' }>): Promise<number> {
  const clients = createRpcClients();
  try {
    process.stdout.write(`${await answer(clients.client(controlService, control), question, json)}\n`);
    return 0;
  } catch (error) {
    const { code, message } = SkeinError.from(error);
    process.stderr.write(`skeinctl: ${code}: ${message} (control at ${control})\n`);
    return 1;
  } finally {
    clients.close();
  }
}
