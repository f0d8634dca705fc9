import { DeviceFields } from '../device-fields.ts';
import { element } from '../elements.ts';
import { icon } from '../icons.ts';
import type { OwnMedia } from '../own-media.ts';
import type { ProblemText } from '../problem-text.ts';
import { Preview } from './preview.ts';

export interface JoinWish {
  readonly room: string;
  readonly name: string;
}

const LONGEST_NAME = 128;

/** Before the call: who you are, where to, and with which devices. */
export class LobbyView implements Disposable {
  readonly root: HTMLElement;
  readonly #preview: Preview;
  readonly #devices: DeviceFields;
  readonly #room: HTMLInputElement;
  readonly #name: HTMLInputElement;
  readonly #join = element('button', { type: 'submit', class: 'primary', 'data-action': 'join' }, 'Join');
  readonly #problem = element('div', { class: 'problem', role: 'alert' });

  constructor(media: OwnMedia, wish: JoinWish, join: (wish: JoinWish) => void) {
    this.#preview = new Preview(media);
    this.#devices = new DeviceFields(media, {
      camera: (id) => void media.open('camera', id),
      microphone: (id) => void media.open('microphone', id),
      speaker: (id) => (media.speakerId = id),
    });
    this.#room = input('room', 'Room', wish.room, 'for example: standup');
    this.#name = input('name', 'Your name', wish.name, 'what the others see');
    this.#name.addEventListener('input', () => this.#preview.showName(this.#name.value));
    this.#preview.showName(wish.name);
    this.root = element(
      'main',
      { class: 'lobby' },
      element('header', { class: 'brand' }, icon('thread'), element('span', {}, 'Skein')),
      element(
        'div',
        { class: 'lobby-card' },
        element('div', { class: 'lobby-media' }, this.#preview.root),
        this.#form(join),
      ),
    );
  }

  /** Puts the caret where something is missing. */
  focus(): void {
    if (this.#room.value === '') this.#room.focus();
    else if (this.#name.value === '') this.#name.focus();
    else this.#join.focus();
  }

  showJoining(joining: boolean): void {
    this.#join.disabled = joining;
    this.#join.textContent = joining ? 'Joining…' : 'Join';
    if (joining) this.#problem.replaceChildren();
  }

  showProblem({ title, advice }: ProblemText): void {
    this.#join.textContent = 'Try again';
    this.#problem.replaceChildren(
      icon('warning'),
      element('p', {}, element('strong', {}, title), ` ${advice}`),
    );
  }

  [Symbol.dispose](): void {
    this.#preview[Symbol.dispose]();
    this.#devices[Symbol.dispose]();
  }

  #form(join: (wish: JoinWish) => void): HTMLFormElement {
    const form = element(
      'form',
      { class: 'lobby-form' },
      element('h1', {}, 'Join a call'),
      labelled('Room', this.#room),
      labelled('Your name', this.#name),
      element(
        'details',
        { class: 'lobby-devices' },
        element('summary', {}, 'Camera, microphone, speaker'),
        this.#devices.root,
      ),
      this.#join,
      this.#problem,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      join({ room: this.#room.value.trim(), name: this.#name.value.trim() });
    });
    return form;
  }
}

function input(name: string, label: string, value: string, placeholder: string): HTMLInputElement {
  const made = element('input', {
    name,
    placeholder,
    required: true,
    maxlength: LONGEST_NAME,
    'aria-label': label,
    autocomplete: name === 'name' ? 'name' : 'off',
    pattern: '.*\\S.*',
    enterkeyhint: 'go',
  });
  made.value = value;
  return made;
}

function labelled(label: string, field: HTMLInputElement): HTMLElement {
  return element('label', { class: 'field' }, element('span', { class: 'field-label' }, label), field);
}
