import { systemClock } from '@skein/runtime';
import { endDatachannel } from './adapters/datachannel-link.ts';
import { nativeWorld } from './adapters/native-world.ts';
import type { CommandMessage, ProcessMessage } from './processes/messages.ts';
import { ProcessHost } from './processes/process-host.ts';

// A process of peers: started by `startPeerProcess`, speaks over its IPC channel, ends with it.

const [seed, stampOffsetMs] = process.argv.slice(2).map(Number);
const world = await nativeWorld({
  ...(seed !== undefined && { seed }),
  ...(stampOffsetMs !== undefined && { stampOffsetMs }),
}).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
const send = (message: ProcessMessage): void => void (process.connected && process.send?.(message));
/** Reads a file, for which there may be no handle left; that must not end the process. */
const residentBytes = (): number => {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
};
const ownUse = () => {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, rssBytes: residentBytes() };
};
const host = new ProcessHost({ world, clock: systemClock, ownUse, send });

let stopping = false;
const stop = async (): Promise<void> => {
  if (stopping) return;
  stopping = true;
  await host.stop();
  endDatachannel();
  process.exit(0);
};
process.on('message', (message: CommandMessage) => void host.handle(message));
process.on('disconnect', () => void stop());
process.on('SIGTERM', () => void stop());
// Ctrl-C reaches the whole group; when this ends is for the parent to say.
process.on('SIGINT', () => undefined);
send({ type: 'ready' });
