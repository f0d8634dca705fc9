import { afterEach, describe, expect, it, vi } from 'vitest';
import { standInTrack } from './stand-in-track.ts';

describe('standInTrack', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('closes its audio context and stops its track when it is disposed', () => {
    const open = new Set<object>();
    const live = new Set<object>();
    vi.stubGlobal(
      'AudioContext',
      class {
        constructor() {
          open.add(this);
        }

        createMediaStreamDestination(): object {
          const track = { stop: () => live.delete(track) };
          live.add(track);
          return { stream: { getAudioTracks: () => [track] } };
        }

        async close(): Promise<void> {
          open.delete(this);
        }
      },
    );
    for (let move = 0; move < 20; move++) {
      using standIn = standInTrack('audio');
      expect(live).toContain(standIn.track);
    }
    expect([open.size, live.size]).toEqual([0, 0]);
  });
});
