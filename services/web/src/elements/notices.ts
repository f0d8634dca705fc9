import { after } from '../adapters/page-clock.ts';
import { element } from './element.ts';
import { icon, type IconName } from './icons.ts';

const SHOWN_MS = 6000;
/** On overflow the oldest notice is removed. */
const NOTICE_LIMIT = 3;

export interface Notice {
  readonly text: string;
  readonly icon?: IconName;
  /** Adds a button; the notice then stays until it is pressed or closed. */
  readonly action?: { readonly label: string; readonly run: () => void };
}

export interface ShownNotice {
  /** Whether it is still shown. */
  readonly isConnected: boolean;
}

/** Short messages above the controls, in a live region for screen readers. */
export class Notices {
  readonly root = element('div', { class: 'notices', role: 'status', 'aria-live': 'polite' });

  show({ text, icon: name = 'warning', action }: Notice): ShownNotice {
    const notice = element('div', { class: 'notice' }, icon(name), element('p', {}, text));
    const dismiss = (): void => notice.remove();
    if (action) notice.append(button(action.label, 'notice-action', () => (dismiss(), action.run())));
    const close = button('', 'notice-close', dismiss);
    close.setAttribute('aria-label', 'Close this message');
    close.append(icon('close'));
    notice.append(close);
    while (this.root.childElementCount >= NOTICE_LIMIT) this.root.firstElementChild?.remove();
    this.root.append(notice);
    if (!action) after(SHOWN_MS, dismiss);
    return notice;
  }
}

function button(label: string, className: string, run: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', class: className }, label);
  made.addEventListener('click', run);
  return made;
}

/** Announces a text to screen readers only. */
export function announce(text: string): void {
  const announcer = document.getElementById('announcer');
  if (announcer) announcer.textContent = text;
}
