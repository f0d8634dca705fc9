import type { Role } from '@skein/client';
import { DeviceFields } from '../devices/device-fields.ts';
import { element } from '../elements/element.ts';
import { icon } from '../elements/icons.ts';
import type { LocalMedia } from '../devices/local-media.ts';
import type { ProblemText } from '../texts/problem-text.ts';
import { Preview } from './preview.ts';

export interface JoinForm {
  readonly room: string;
  /** May be empty for viewers, whose names nobody sees. */
  readonly name: string;
}

const LONGEST_NAME = 128;

/** The view before a call: the room, and for participants their name and devices. */
export class LobbyView implements Disposable {
  readonly root: HTMLElement;
  readonly #disposables: Disposable[] = [];
  readonly #room: HTMLInputElement;
  readonly #name: HTMLInputElement;
  readonly #join = element('button', { type: 'submit', class: 'primary', 'data-action': 'join' }, 'Join');
  readonly #problem = element('div', { class: 'problem', role: 'alert' });

  constructor(role: Role, media: LocalMedia, form: JoinForm, join: (form: JoinForm) => void) {
    this.#room = input('room', 'Room', form.room, 'for example: standup');
    this.#name = input('name', 'Your name', form.name, 'visible to the others');
    const card = role === 'viewer' ? this.#viewerCard(join) : this.#participantCard(media, join);
    this.root = element(
      'main',
      { class: 'lobby', 'data-role': role },
      element('header', { class: 'brand' }, icon('thread'), element('span', {}, 'Skein')),
      card,
    );
  }

  /** Focuses the first empty field. */
  focus(): void {
    const missing = [this.#room, this.#name].find(({ value, isConnected }) => isConnected && value === '');
    (missing ?? this.#join).focus();
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
    for (const one of this.#disposables) one[Symbol.dispose]();
  }

  #participantCard(media: LocalMedia, join: (form: JoinForm) => void): HTMLElement {
    const preview = new Preview(media);
    const devices = new DeviceFields(media, {
      camera: (id) => void media.open('camera', id),
      microphone: (id) => void media.open('microphone', id),
      speaker: (id) => (media.speakerId = id),
    });
    this.#disposables.push(preview, devices);
    this.#name.addEventListener('input', () => preview.showName(this.#name.value));
    preview.showName(this.#name.value);
    const choices = element(
      'details',
      { class: 'lobby-devices' },
      element('summary', {}, 'Camera, microphone, speaker'),
      devices.root,
    );
    return element(
      'div',
      { class: 'lobby-card' },
      element('div', { class: 'lobby-media' }, preview.root),
      this.#form(join, 'Join a call', labelled('Your name', this.#name), choices),
    );
  }

  /** Has no devices, so that browsers do not ask for a permission, and no name, which nobody would see. */
  #viewerCard(join: (form: JoinForm) => void): HTMLElement {
    const note = element(
      'p',
      { class: 'lobby-note', id: 'lobby-note' },
      icon('eye'),
      element('span', {}, 'You join as a viewer: you see and hear the others, nobody sees or hears you.'),
    );
    // Describes the button, which has the focus when the room is given.
    this.#join.setAttribute('aria-describedby', note.id);
    return element('div', { class: 'lobby-card is-viewer' }, this.#form(join, 'Watch a call', note));
  }

  #form(join: (form: JoinForm) => void, title: string, ...parts: HTMLElement[]): HTMLFormElement {
    const form = element(
      'form',
      { class: 'lobby-form' },
      element('h1', {}, title),
      labelled('Room', this.#room),
      ...parts,
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
