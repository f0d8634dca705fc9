import type { RemoteTrack, RoomEvents } from '@skein/client';
import type { Notices } from '../notices.ts';

type Player = RoomEvents['playbackBlocked']['element'];

/**
 * Players that the browser keeps silent until the page is clicked, which is what happens to those who were asked for
 * nothing before they came in. One notice asks for all of them.
 */
export class SilentPlayers {
  readonly #notices: Notices;
  readonly #players = new Map<Player, RemoteTrack>();
  #notice: HTMLElement | undefined;

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  add(track: RemoteTrack, player: Player): void {
    this.#players.set(player, track);
    if (this.#notice?.isConnected) return;
    const action = { label: 'Turn sound on', run: () => this.#play() };
    this.#notice = this.#notices.show({
      text: 'Your browser keeps this page silent.',
      icon: 'speaker',
      action,
    });
  }

  #play(): void {
    const players = [...this.#players];
    this.#players.clear();
    for (const [player, track] of players) track.attach(player);
  }
}
