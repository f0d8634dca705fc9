import { connect } from '@skein/client';
import type { OpenSocket } from '@skein/client/signaling';
import {
  capturedTrack,
  endDatachannel,
  NativeEngine,
  nativeWorld,
  detectingSilence,
  type PeerWorld,
} from '@skein/native-peer';
import { MeasuringClient } from '../../measuring-client.ts';
import { DecodedSound } from './decoded-sound.ts';
import type { AnswerMessage, CallMessage } from './messages.ts';

// The process of all people without a browser: started by `NativeClients`, speaks over its IPC channel, ends with it.

const SILENT_AFTER_MS = 5_000;
const native = await nativeWorld({ repairsLoss: true });
// Everybody publishes sound that never pauses.
const world = { ...native, openLink: detectingSilence(native.openLink, native.clock, SILENT_AFTER_MS) };
const clients = new Map<string, MeasuringClient>();

function newClient({ clock, random, newId, openSocket }: PeerWorld): MeasuringClient {
  let lastUrl = '';
  let onArrival: (mediaTrackId: string, atMs: number) => void = () => undefined;
  const open: OpenSocket = (url, handlers) => {
    lastUrl = url;
    return openSocket(url, handlers);
  };
  const tell = (mediaTrackId: string, atMs: number): void =>
    onArrival(mediaTrackId, clock.now() - clock.monotonicMs() + atMs);
  const sound = new DecodedSound(tell);
  const engine = new NativeEngine(world, {
    arrived: (mediaTrackId, atMs, packet) => {
      if (!sound.hear(mediaTrackId, atMs, packet)) tell(mediaTrackId, atMs);
    },
  });
  const environment = { clock, random, newId, openSocket: open, engine };
  return new MeasuringClient({
    nowMs: () => clock.now(),
    connect: (options) => connect(options, environment),
    // Every picture that arrives is reported, observed or not.
    openWatching: (told) => {
      onArrival = told;
      return {
        look: ({ id, kind }) => {
          if (kind === 'audio') sound.open(id);
          return () => sound.close(id);
        },
      };
    },
    tone: () => capturedTrack(newId('tone'), 'audio', {}),
    picture: (_fps, layers) => ({
      track: capturedTrack(newId('picture'), 'video', { layers, keyFramesWhenAsked: layers > 1 }),
      layers,
    }),
    lastSocketUrl: () => lastUrl,
    sleep: (ms) => clock.sleep(ms),
  });
}

async function handle({ id, identity, method, args }: CallMessage): Promise<void> {
  try {
    // A client that joins again starts with an empty record.
    if (method === 'join') clients.set(identity, newClient(world));
    const caller = clients.get(identity);
    if (!caller) throw new Error(`${identity} has not joined`);
    const call = caller[method] as (...given: readonly unknown[]) => unknown;
    send({ type: 'answer', id, value: await call.apply(caller, [...args]) });
  } catch (error) {
    send({ type: 'failure', id, message: describe(error) });
  }
}

function send(message: AnswerMessage): void {
  if (process.connected) process.send?.(message);
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

process.on('message', (message: CallMessage) => void handle(message));
process.on('unhandledRejection', (error) => send({ type: 'problem', message: describe(error) }));
// They vanish: nobody is left to be told that they went.
const stop = (): never => {
  endDatachannel();
  process.exit(0);
};
process.on('disconnect', stop);
process.on('SIGTERM', stop);
// Ctrl-C reaches the whole group; when this ends is for the parent to say.
process.on('SIGINT', () => undefined);

send({ type: 'ready' });
