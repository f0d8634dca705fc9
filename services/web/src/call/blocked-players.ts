import type { RemoteTrack, RoomEvents } from '@skein/client';
import type { Notices, ShownNotice } from '../elements/notices.ts';

type Player = RoomEvents['playbackBlocked']['element'];

/**
 * Players that the autoplay policy blocks until the user clicks, as for users who join without a click. One notice starts all of
 * them.
 */
export class BlockedPlayers {
  readonly #notices: Pick<Notices, 'show'>;
  readonly #players = new Map<Player, Pick<RemoteTrack, 'attach'>>();
  #notice: ShownNotice | undefined;

  constructor(notices: Pick<Notices, 'show'>) {
    this.#notices = notices;
  }

  add(track: Pick<RemoteTrack, 'attach'>, player: Player): void {
    this.#players.set(player, track);
    if (this.#notice?.isConnected) return;
    const action = { label: 'Turn sound on', run: () => this.#play() };
    this.#notice = this.#notices.show({ text: 'Sound is off.', icon: 'speaker', action });
  }

  #play(): void {
    const players = [...this.#players];
    this.#players.clear();
    for (const [player, track] of players) track.attach(player);
  }
}
