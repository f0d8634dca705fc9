import { seededRandom, systemClock, systemIds } from '@skein/runtime';
import { stampClock, stampOffsetMs } from './machine-clock.ts';
import { PeerMeter } from '../measures/peer-meter.ts';
import { Pacer } from '../media/pacer.ts';
import type { PeerWorld } from '../engine/world.ts';
import { loadClips } from './clip-files.ts';
import { openDatachannelLink } from './datachannel-link.ts';
import { openSignalSocket } from './sockets.ts';

export interface NativeWorldOptions {
  /** For what is chosen by chance: SSRCs, where in a clip a track begins. Default 1. */
  readonly seed?: number;
  /** As the parent of several processes gives it, so that they can read each other's stamps. Default: this process' own. */
  readonly stampOffsetMs?: number;
  /** Default false: for load tests, which count losses. */
  readonly repairsLoss?: boolean;
}

/**
 * What native peers of this process share: real sockets, libdatachannel, clips. Rejects when the clips are missing. Call
 * `endDatachannel` before the process ends.
 */
export async function nativeWorld(options: NativeWorldOptions = {}): Promise<PeerWorld> {
  const { seed = 1, stampOffsetMs: offsetMs = stampOffsetMs(), repairsLoss = false } = options;
  return {
    clock: systemClock,
    machineMs: stampClock(offsetMs),
    random: seededRandom(seed),
    newId: systemIds,
    clips: await loadClips(),
    pacer: new Pacer(systemClock),
    meter: new PeerMeter(),
    openSocket: openSignalSocket,
    openLink: openDatachannelLink,
    repairsLoss,
  };
}
