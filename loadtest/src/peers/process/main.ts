import { systemClock, seededRandom } from '@skein/runtime';
import { stampClock, stampOffsetMs } from '../../measure/adapters/machine-clock.ts';
import { PeerMeter } from '../../measure/peer-meter.ts';
import { loadClips } from '../adapters/clip-files.ts';
import { endDatachannel, openDatachannelLink } from '../adapters/datachannel-link.ts';
import { openSignalSocket } from '../adapters/sockets.ts';
import { Pacer } from '../media/pacer.ts';
import type { CommandMessage, ProcessMessage } from './messages.ts';
import { ProcessHost } from './process-host.ts';

// A process of peers: started by `startPeerProcess`, speaks over its IPC channel, ends with it.

const clips = await loadClips().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
const [seed = '1', stampOffset = String(stampOffsetMs())] = process.argv.slice(2);
const clock = systemClock;
const world = {
  clock,
  machineMs: stampClock(Number(stampOffset)),
  random: seededRandom(Number(seed)),
  clips,
  pacer: new Pacer(clock),
  meter: new PeerMeter(),
  openSocket: openSignalSocket,
  openLink: openDatachannelLink,
};
const send = (message: ProcessMessage): void => void (process.connected && process.send?.(message));
const ownUse = () => {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, rssBytes: process.memoryUsage.rss() };
};
const host = new ProcessHost({ world, clock, ownUse, send });

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
