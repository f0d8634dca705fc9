import { afterEach, describe, expect, it, vi } from 'vitest';
import { standInTrack } from './stand-in-track.ts';

describe('the stand-in for a microphone that has ended', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('leaves no sound context and no live track behind, however often it was needed', () => {
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
