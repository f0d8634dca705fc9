import { DeviceFields, type DeviceChoice } from '../devices/device-fields.ts';
import { element } from '../elements/element.ts';
import type { LocalMedia } from '../devices/local-media.ts';

/** Choice of devices during a call. */
export class SettingsDialog implements Disposable {
  readonly root: HTMLDialogElement;
  readonly #fields: DeviceFields;

  /** `onListed` receives whether there is anything to choose. */
  constructor(media: LocalMedia, choice: DeviceChoice, onListed: (offersAny: boolean) => void) {
    this.#fields = new DeviceFields(media, choice, onListed);
    const done = element('button', { type: 'button', class: 'primary' }, 'Done');
    this.root = element(
      'dialog',
      { class: 'settings', 'aria-labelledby': 'settings-title' },
      element('h2', { id: 'settings-title' }, 'Devices'),
      this.#fields.root,
      done,
    );
    done.addEventListener('click', () => this.root.close());
    // A click outside the dialog hits its backdrop.
    this.root.addEventListener('click', ({ target }) => target === this.root && this.root.close());
  }

  open(): void {
    void this.#fields.refresh();
    this.root.showModal();
  }

  [Symbol.dispose](): void {
    this.#fields[Symbol.dispose]();
  }
}
