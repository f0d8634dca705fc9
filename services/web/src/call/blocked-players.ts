import type { RemoteTrack, RoomEvents } from '@skein/client';
import type { Notices, ShownNotice } from '../elements/notices.ts';

type Player = RoomEvents['playbackBlocked']['element'];

/**
 * Players that the browser keeps silent until the page is clicked, which is what happens to those who were asked for
 * nothing before they came in. One notice asks for all of them.
 */
export class SilentPlayers {
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
