import { watchLevel } from '../adapters/sound-level.ts';
import { element, setAttributes } from '../elements/element.ts';
import { icon } from '../elements/icons.ts';
import { initialsOf } from '../elements/initials.ts';
import type { CaptureKind, LocalMedia } from '../devices/local-media.ts';
import { deviceText, type ProblemText } from '../texts/problem-text.ts';

/** Preview of the own camera and microphone. */
export class Preview implements Disposable {
  readonly root: HTMLElement;
  readonly #media: LocalMedia;
  readonly #video = element('video', {
    playsinline: true,
    autoplay: true,
    muted: true,
    'aria-label': 'Your camera',
  });
  readonly #avatar = element('div', { class: 'avatar', 'aria-hidden': 'true' });
  readonly #hint = element('p', { class: 'preview-hint', role: 'status' });
  readonly #level = element(
    'span',
    { class: 'level', 'aria-hidden': 'true' },
    element('span', { class: 'level-bar' }),
  );
  readonly #buttons: Readonly<Record<CaptureKind, HTMLButtonElement>>;
  readonly #onChange = (): void => this.#show();
  #watched: MediaStreamTrack | undefined;
  #watching: Disposable | undefined;

  constructor(media: LocalMedia) {
    this.#media = media;
    this.#video.muted = true;
    this.#buttons = {
      microphone: this.#toggle('microphone', 'mute'),
      camera: this.#toggle('camera', 'camera'),
    };
    this.root = element(
      'div',
      { class: 'preview', 'data-testid': 'preview' },
      element('div', { class: 'avatar-field' }, this.#avatar),
      this.#video,
      this.#hint,
      element('div', { class: 'preview-controls' }, this.#buttons.microphone, this.#buttons.camera),
      this.#level,
    );
    media.addEventListener('change', this.#onChange);
    this.showName('');
    this.#show();
  }

  showName(name: string): void {
    this.#avatar.textContent = initialsOf(name);
  }

  [Symbol.dispose](): void {
    this.#media.removeEventListener('change', this.#onChange);
    this.#watching?.[Symbol.dispose]();
  }

  #toggle(kind: CaptureKind, action: string): HTMLButtonElement {
    const button = element('button', { type: 'button', class: 'control', 'data-action': action });
    button.addEventListener('click', () => {
      const off = this.#media.track(kind) !== undefined;
      this.#media.setOff(kind, off);
      if (off) this.#media.close(kind);
      else void this.#media.open(kind);
    });
    return button;
  }

  #show(): void {
    const camera = this.#media.track('camera');
    const shown =
      this.#video.srcObject instanceof MediaStream ? this.#video.srcObject.getTracks()[0] : undefined;
    if (shown !== camera) this.#video.srcObject = camera ? new MediaStream([camera]) : null;
    this.root.dataset['camera'] = camera ? 'on' : 'off';
    this.#hint.textContent = this.#hintText();
    this.#showButton('microphone', 'Turn microphone');
    this.#showButton('camera', 'Turn camera');
    this.#watch(this.#media.track('microphone'));
  }

  #showButton(kind: CaptureKind, label: string): void {
    const on = this.#media.track(kind) !== undefined;
    const text = `${label} ${on ? 'off' : 'on'}`;
    setAttributes(this.#buttons[kind], {
      'aria-label': text,
      title: text,
      'aria-busy': this.#media.capture(kind).kind === 'opening',
    });
    this.#buttons[kind].classList.toggle('is-off', !on);
    this.#buttons[kind].replaceChildren(icon(on ? kind : `${kind}-off`));
  }

  #hintText(): string {
    const problems = this.#problems();
    if (problems.length > 0) return problems.map(({ title, advice }) => `${title} ${advice}`).join(' ');
    if (this.#media.capture('camera').kind === 'opening') return 'Starting your camera…';
    return this.#media.track('camera') ? '' : 'Your camera is off.';
  }

  #problems(): ProblemText[] {
    const camera = this.#media.capture('camera');
    const microphone = this.#media.capture('microphone');
    if (camera.kind === 'problem' && microphone.kind === 'problem' && camera.problem === microphone.problem) {
      return [deviceText(['camera', 'microphone'], camera.problem)];
    }
    return (['camera', 'microphone'] as const).flatMap((kind) => {
      const capture = this.#media.capture(kind);
      return capture.kind === 'problem' ? [deviceText([kind], capture.problem)] : [];
    });
  }

  #watch(track: MediaStreamTrack | undefined): void {
    if (track === this.#watched) return;
    this.#watched = track;
    this.#watching?.[Symbol.dispose]();
    this.#level.hidden = !track;
    this.#watching =
      track && watchLevel(track, (level) => this.#level.style.setProperty('--level', level.toFixed(2)));
  }
}
