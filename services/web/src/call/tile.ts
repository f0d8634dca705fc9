import type { RemoteTrack } from '@skein/client';
import { element } from '../elements/element.ts';
import { icon } from '../elements/icons.ts';
import { hueOf, initialsOf } from '../elements/initials.ts';

const HUES = 8;

export interface TileState {
  readonly name: string;
  readonly muted: boolean;
  readonly camera: boolean;
  /** The network or device of the participant is gone; it may return. */
  readonly lost?: boolean;
}

/** The tile of one participant. */
export class Tile {
  readonly root: HTMLElement;
  readonly video = element('video', {
    playsinline: true,
    autoplay: true,
    muted: true,
    'aria-hidden': 'true',
  });
  readonly audio = element('audio', { autoplay: true });
  readonly #name = element('span', { class: 'tile-name' });
  readonly #avatar = element('div', { class: 'avatar', 'aria-hidden': 'true' });
  readonly #own: boolean;

  constructor(identity: string, own: boolean) {
    this.#own = own;
    // The attribute sets only the default.
    this.video.muted = true;
    this.video.addEventListener('resize', () => this.#showPicture());
    this.video.addEventListener('emptied', () => this.#showPicture());
    const mutedBadge = element('span', { class: 'tile-badge' }, icon('microphone-off'));
    this.root = element(
      'article',
      {
        class: own ? 'tile tile-own' : 'tile',
        'data-testid': 'tile',
        'data-identity': identity,
        'data-hue': hueOf(identity, HUES),
      },
      element('div', { class: 'avatar-field' }, this.#avatar),
      this.video,
      element('div', { class: 'tile-label' }, mutedBadge, this.#name),
      !own && element('div', { class: 'tile-lost', 'data-testid': 'connection-lost' }, 'Connection lost'),
      !own && this.audio,
    );
  }

  show({ name, muted, camera, lost = false }: TileState): void {
    const label = this.#own ? `${name} (you)` : name;
    this.#name.textContent = label;
    this.#avatar.textContent = initialsOf(name);
    this.root.dataset['muted'] = String(muted);
    this.root.dataset['camera'] = camera ? 'on' : 'off';
    this.root.dataset['connection'] = lost ? 'lost' : 'connected';
    const states = [muted ? 'microphone off' : 'microphone on', camera ? 'camera on' : 'camera off'];
    if (lost) states.unshift('connection lost');
    this.root.setAttribute('aria-label', `${label}, ${states.join(', ')}`);
  }

  showSpeaking(speaking: boolean): void {
    this.root.classList.toggle('is-speaking', speaking);
  }

  /** The own picture. Remote tracks are attached to `video`. */
  showCapture(track: MediaStreamTrack | undefined): void {
    const shown =
      this.video.srcObject instanceof MediaStream ? this.video.srcObject.getTracks()[0] : undefined;
    if (shown !== track) this.video.srcObject = track ? new MediaStream([track]) : null;
  }

  #showPicture(): void {
    this.root.classList.toggle('has-picture', this.video.videoWidth > 0);
  }
}

/** A shared screen, shown large. */
export class ScreenTile {
  readonly root: HTMLElement;
  readonly track: RemoteTrack;
  readonly #video = element('video', { playsinline: true, autoplay: true, muted: true });

  constructor(track: RemoteTrack, owner: string) {
    this.track = track;
    this.#video.muted = true;
    this.root = element(
      'article',
      {
        class: 'screen-tile',
        'data-testid': 'screen-tile',
        'data-identity': track.identity,
        'aria-label': `Screen of ${owner}`,
      },
      this.#video,
      element(
        'div',
        { class: 'tile-label' },
        icon('screen'),
        element('span', { class: 'tile-name' }, `${owner}’s screen`),
      ),
    );
    track.attach(this.#video);
  }

  close(): void {
    this.track.detach(this.#video);
    this.root.remove();
  }
}
