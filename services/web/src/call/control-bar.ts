import { element, setAttributes } from '../elements/element.ts';
import { icon, type IconName } from '../elements/icons.ts';
import { SHORTCUTS, type Action } from './actions.ts';

interface Appearance {
  readonly icon: IconName;
  readonly label: string;
  /** For toggle buttons. */
  readonly pressed?: boolean;
  /** The device is off: highlighted. */
  readonly off?: boolean;
}

const APPEARANCES: Readonly<Record<Action, Appearance>> = {
  mute: { icon: 'microphone', label: 'Mute' },
  camera: { icon: 'camera', label: 'Turn camera off' },
  screen: { icon: 'screen', label: 'Share screen', pressed: false },
  link: { icon: 'link', label: 'Copy link' },
  settings: { icon: 'settings', label: 'Devices' },
  details: { icon: 'details', label: 'Details', pressed: false },
  leave: { icon: 'leave', label: 'Leave' },
};

/** The row of buttons under the stage. */
export class ControlBar {
  readonly root: HTMLElement;
  readonly #buttons = new Map<Action, HTMLButtonElement>();

  /** `actions`: in the order of their buttons. */
  constructor(actions: readonly Action[], act: (action: Action) => void) {
    this.root = element('div', { class: 'controls', role: 'toolbar', 'aria-label': 'Call controls' });
    for (const action of actions) {
      const button = element('button', {
        type: 'button',
        class: `control control-${action}`,
        'data-action': action,
      });
      button.addEventListener('click', () => act(action));
      this.#buttons.set(action, button);
      this.root.append(button);
      this.show(action, {});
    }
  }

  show(action: Action, change: Partial<Appearance>): void {
    const button = this.#buttons.get(action);
    if (!button) return;
    const appearance: Appearance = { ...APPEARANCES[action], ...change };
    const shortcut = SHORTCUTS[action];
    setAttributes(button, {
      'aria-label': appearance.label,
      'aria-keyshortcuts': shortcut?.toUpperCase(),
      'aria-pressed': appearance.pressed === undefined ? undefined : String(appearance.pressed),
      title: shortcut ? `${appearance.label} (${shortcut.toUpperCase()})` : appearance.label,
    });
    button.classList.toggle('is-off', appearance.off === true);
    button.replaceChildren(
      icon(appearance.icon),
      element('span', { class: 'control-label', 'aria-hidden': 'true' }, appearance.label),
    );
  }

  setBusy(action: Action, busy: boolean): void {
    const button = this.#buttons.get(action);
    if (button) button.disabled = busy;
  }

  setShown(action: Action, shown: boolean): void {
    const button = this.#buttons.get(action);
    if (button) button.hidden = !shown;
  }

  showMicrophone(on: boolean): void {
    this.show('mute', on ? {} : { icon: 'microphone-off', label: 'Unmute', off: true });
  }

  showCamera(on: boolean): void {
    this.show('camera', on ? {} : { icon: 'camera-off', label: 'Turn camera on', off: true });
  }

  showScreen(sharing: boolean): void {
    this.show('screen', sharing ? { icon: 'screen-off', label: 'Stop sharing', pressed: true } : {});
  }

  showDetails(open: boolean): void {
    this.show('details', { pressed: open });
  }
}
