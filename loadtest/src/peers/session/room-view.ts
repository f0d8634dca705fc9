import type { RoomChange, RoomSnapshot, Track } from '@skein/protocol';

/** Of a room, what a peer acts on: its tracks. Changed in place, since a process holds hundreds of peers of one room. */
export class RoomView {
  readonly #tracks = new Map<string, Track>();
  #version: number;

  constructor(snapshot: RoomSnapshot) {
    this.#version = snapshot.version;
    this.replace(snapshot);
  }

  get version(): number {
    return this.#version;
  }

  get tracks(): Iterable<Track> {
    return this.#tracks.values();
  }

  track(trackId: string): Track | undefined {
    return this.#tracks.get(trackId);
  }

  replace({ version, tracks }: RoomSnapshot): void {
    this.#version = version;
    this.#tracks.clear();
    for (const track of tracks) this.#tracks.set(track.trackId, track);
  }

  /** `gap`: some changes before it are missing; nothing was changed. */
  apply(version: number, change: RoomChange): 'applied' | 'old' | 'gap' {
    if (version <= this.#version) return 'old';
    if (version > this.#version + 1) return 'gap';
    this.#version = version;
    this.#change(change);
    return 'applied';
  }

  #change(change: RoomChange): void {
    switch (change.type) {
      case 'participantJoined': {
        const { identity, epoch } = change.participant;
        return this.#drop((track) => track.identity === identity && track.epoch < epoch);
      }
      case 'participantLeft':
        return this.#drop((track) => track.identity === change.identity);
      case 'trackPublished':
        return void this.#tracks.set(change.track.trackId, change.track);
      case 'trackUpdated': {
        const track = this.#tracks.get(change.trackId);
        if (track) this.#tracks.set(change.trackId, { ...track, muted: change.muted });
        return;
      }
      case 'trackUnpublished':
        return void this.#tracks.delete(change.trackId);
      case 'participantMoved':
        return;
    }
  }

  #drop(gone: (track: Track) => boolean): void {
    for (const [trackId, track] of this.#tracks) if (gone(track)) this.#tracks.delete(trackId);
  }
}
