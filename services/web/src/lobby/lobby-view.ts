import type { Role } from '@skein/client';
import { DeviceFields } from '../devices/device-fields.ts';
import { element } from '../elements/element.ts';
import { icon } from '../elements/icons.ts';
import type { OwnMedia } from '../devices/local-media.ts';
import type { ProblemText } from '../texts/problem-text.ts';
import { Preview } from './preview.ts';

export interface JoinWish {
  readonly room: string;
  /** May be empty for a viewer: nobody sees it. */
  readonly name: string;
}

const LONGEST_NAME = 128;

/** Before the call: where to, and, for those who will be seen and heard, who you are and with which devices. */
export class LobbyView implements Disposable {
  readonly root: HTMLElement;
  readonly #disposables: Disposable[] = [];
  readonly #room: HTMLInputElement;
  readonly #name: HTMLInputElement;
  readonly #join = element('button', { type: 'submit', class: 'primary', 'data-action': 'join' }, 'Join');
  readonly #problem = element('div', { class: 'problem', role: 'alert' });

  constructor(role: Role, media: OwnMedia, wish: JoinWish, join: (wish: JoinWish) => void) {
    this.#room = input('room', 'Room', wish.room, 'for example: standup');
    this.#name = input('name', 'Your name', wish.name, 'what the others see');
    const card = role === 'viewer' ? this.#viewerCard(join) : this.#participantCard(media, join);
    this.root = element(
      'main',
      { class: 'lobby', 'data-role': role },
      element('header', { class: 'brand' }, icon('thread'), element('span', {}, 'Skein')),
      card,
    );
  }

  /** Puts the caret where something is missing. */
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

  #participantCard(media: OwnMedia, join: (wish: JoinWish) => void): HTMLElement {
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

  /** Asks for no device, so that no browser asks for a permission, and for no name, which nobody would see. */
  #viewerCard(join: (wish: JoinWish) => void): HTMLElement {
    const note = element(
      'p',
      { class: 'lobby-note', id: 'lobby-note' },
      icon('eye'),
      element('span', {}, 'You join as a viewer: you see and hear, nobody sees or hears you.'),
    );
    // Said with the button, on which a screen reader begins when the room is given.
    this.#join.setAttribute('aria-describedby', note.id);
    return element('div', { class: 'lobby-card is-viewer' }, this.#form(join, 'Watch a call', note));
  }

  #form(join: (wish: JoinWish) => void, title: string, ...parts: HTMLElement[]): HTMLFormElement {
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
