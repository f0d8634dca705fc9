import type { CloseReason } from '@skein/client';
import { every } from './adapters/page-clock.ts';
import { element } from './elements/element.ts';
import { icon } from './elements/icons.ts';
import { endText, rejoinsAutomatically } from './texts/problem-text.ts';

/** The view after a call: its reason and how to rejoin. Rejoins automatically after an unintended end. */
export class EndingView implements Disposable {
  readonly root: HTMLElement;
  readonly #rejoin = element(
    'button',
    { type: 'button', class: 'primary', 'data-action': 'rejoin' },
    'Join again',
  );
  readonly #countdown = element('p', { class: 'ending-countdown', role: 'status' });
  #timer: Disposable | undefined;

  constructor(
    reason: CloseReason,
    room: string,
    attemptInSeconds: number,
    actions: { rejoin: () => void; lobby: () => void },
  ) {
    const { title, advice } = endText(reason);
    const lobby = element(
      'button',
      { type: 'button', class: 'secondary', 'data-action': 'lobby' },
      'Another room',
    );
    lobby.addEventListener('click', () => actions.lobby());
    this.#rejoin.addEventListener('click', () => actions.rejoin());
    this.root = element(
      'main',
      { class: 'ending', 'data-testid': 'ending', 'data-reason': reason },
      element(
        'div',
        { class: 'ending-card' },
        element('span', { class: 'ending-mark' }, icon(reason === 'left' ? 'check' : 'warning')),
        element('h1', {}, title),
        element('p', {}, advice),
        element('p', { class: 'ending-room' }, 'Room ', element('strong', {}, room)),
        this.#countdown,
        element('div', { class: 'ending-actions' }, this.#rejoin, lobby),
      ),
    );
    if (rejoinsAutomatically(reason)) this.#countDown(attemptInSeconds, actions.rejoin);
  }

  focus(): void {
    this.#rejoin.focus();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #countDown(seconds: number, rejoin: () => void): void {
    let left = seconds;
    const show = (): void => {
      this.#countdown.textContent = left > 0 ? `Joining again in ${left} s…` : 'Joining again…';
    };
    show();
    this.#timer = every(1000, () => {
      left--;
      show();
      if (left > 0) return;
      this.#timer?.[Symbol.dispose]();
      rejoin();
    });
  }
}
