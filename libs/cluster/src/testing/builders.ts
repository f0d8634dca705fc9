import type { NodeRecord, Track } from '@skein/protocol';
import type { PlaceRequest } from '../store/room-store.ts';

/** Things that tests of this package are about. */
export function aRequest(given: Partial<PlaceRequest> & { identity: string }): PlaceRequest {
  return {
    room: 'blue',
    name: given.identity,
    sessionId: `ses_${given.identity}`,
    maxParticipants: 100,
    candidates: { fallbackNodeId: 'node-1', openNodeIds: ['node-1', 'node-2', 'node-3'] },
    ...given,
  };
}

export function aTrack(given: Partial<Track> & Pick<Track, 'trackId' | 'identity' | 'epoch'>): Track {
  return {
    nodeId: 'node-1',
    routerId: 'router-1',
    kind: 'audio',
    source: 'microphone',
    muted: false,
    mimeType: 'audio/opus',
    spatialLayers: 1,
    temporalLayers: 1,
    ...given,
  };
}

export function aNode(
  nodeId: string,
  given: Partial<Omit<NodeRecord, 'load'>> & { used?: number; sessions?: number } = {},
): NodeRecord {
  const { used = 0, sessions = 0, ...rest } = given;
  return {
    nodeId,
    region: 'north',
    state: 'ready',
    grpcAddress: 'node:7000',
    workers: 1,
    version: '0.1.0',
    startedAtMs: 1_700_000_000_000,
    beat: 1,
    load: { packetsPerSecond: 0, busiestWorkerCpu: used, sessions, used },
    ...rest,
  };
}
