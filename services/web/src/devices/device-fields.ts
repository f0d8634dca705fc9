import { listDevices, onDevicesChanged, type Device } from '../adapters/capture.ts';
import { element } from '../elements/element.ts';
import type { CaptureKind, LocalMedia } from './local-media.ts';

export type DeviceName = CaptureKind | 'speaker';
/** Handlers of a choice. A device without a handler is not offered. */
export type DeviceChoice = Readonly<Partial<Record<DeviceName, (deviceId: string) => void>>>;

const LABELS: Readonly<Record<DeviceName, string>> = {
  camera: 'Camera',
  microphone: 'Microphone',
  speaker: 'Speaker',
};

interface Field {
  readonly root: HTMLElement;
  readonly select: HTMLSelectElement;
}

/** Selects for camera, microphone and speaker, updated when devices are plugged in or removed. */
export class DeviceFields implements Disposable {
  readonly root: HTMLElement;
  readonly #media: LocalMedia;
  readonly #fields = new Map<DeviceName, Field>();
  readonly #onListed: (offersAny: boolean) => void;
  readonly #listening: Disposable;
  readonly #onChange = (): void => void this.refresh();

  /** `onListed` receives whether any field is visible: at once, and after each listing of devices. */
  constructor(
    media: LocalMedia,
    choice: DeviceChoice,
    onListed: (offersAny: boolean) => void = () => undefined,
  ) {
    this.#media = media;
    this.#onListed = onListed;
    for (const name of ['camera', 'microphone', 'speaker'] as const) {
      const choose = choice[name];
      if (choose) this.#fields.set(name, field(name, choose));
    }
    this.#showSpeakers(false);
    this.root = element(
      'div',
      { class: 'device-fields' },
      ...[...this.#fields.values()].map(({ root }) => root),
    );
    this.#listening = onDevicesChanged(this.#onChange);
    media.addEventListener('change', this.#onChange);
    void this.refresh();
  }

  async refresh(): Promise<void> {
    const { cameras, microphones, speakers } = await listDevices();
    this.#fill('camera', cameras, this.#media.deviceId('camera'));
    this.#fill('microphone', microphones, this.#media.deviceId('microphone'));
    this.#fill('speaker', speakers, this.#media.speakerId);
    this.#showSpeakers(speakers.length > 0);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    this.#media.removeEventListener('change', this.#onChange);
  }

  #fill(name: DeviceName, devices: readonly Device[], chosen: string): void {
    const field = this.#fields.get(name);
    if (field) fill(field, devices, chosen);
  }

  /** Only some browsers list speakers, most of them only after a microphone permission. Hidden otherwise. */
  #showSpeakers(any: boolean): void {
    const speaker = this.#fields.get('speaker');
    if (speaker) speaker.root.hidden = !any;
    this.#onListed([...this.#fields.values()].some(({ root }) => !root.hidden));
  }
}

function field(name: DeviceName, choose: (deviceId: string) => void): Field {
  const select = element('select', { name, 'data-device': name });
  select.addEventListener('change', () => choose(select.value));
  return {
    root: element(
      'label',
      { class: 'field' },
      element('span', { class: 'field-label' }, LABELS[name]),
      select,
    ),
    select,
  };
}

function fill({ select }: Field, devices: readonly Device[], chosen: string): void {
  const options = devices.map(({ id, label }) =>
    element('option', { value: id, selected: id === chosen }, label),
  );
  if (options.length === 0) options.push(element('option', { value: '' }, `No ${select.name} found`));
  select.disabled = devices.length === 0;
  select.replaceChildren(...options);
}
