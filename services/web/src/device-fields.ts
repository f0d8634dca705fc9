import { listDevices, onDevicesChanged, type Device } from './adapters/capture.ts';
import { element } from './elements.ts';
import type { OwnKind, OwnMedia } from './own-media.ts';

export interface DeviceChoice {
  camera(deviceId: string): void;
  microphone(deviceId: string): void;
  speaker(deviceId: string): void;
}

interface Field {
  readonly root: HTMLElement;
  readonly select: HTMLSelectElement;
}

/** Camera, microphone and speaker to choose from, kept up to date while devices come and go. */
export class DeviceFields implements Disposable {
  readonly root: HTMLElement;
  readonly #media: OwnMedia;
  readonly #camera: Field;
  readonly #microphone: Field;
  readonly #speaker: Field;
  readonly #listening: Disposable;
  readonly #onChange = (): void => void this.refresh();

  constructor(media: OwnMedia, choose: DeviceChoice) {
    this.#media = media;
    this.#camera = field('Camera', 'camera', (id) => choose.camera(id));
    this.#microphone = field('Microphone', 'microphone', (id) => choose.microphone(id));
    this.#speaker = field('Speaker', 'speaker', (id) => choose.speaker(id));
    this.root = element(
      'div',
      { class: 'device-fields' },
      this.#camera.root,
      this.#microphone.root,
      this.#speaker.root,
    );
    this.#listening = onDevicesChanged(this.#onChange);
    media.addEventListener('change', this.#onChange);
    void this.refresh();
  }

  async refresh(): Promise<void> {
    const { cameras, microphones, speakers } = await listDevices();
    fill(this.#camera, cameras, this.#chosen('camera'));
    fill(this.#microphone, microphones, this.#chosen('microphone'));
    fill(this.#speaker, speakers, this.#media.speakerId);
    // Only some browsers let a page choose; the others keep to the system's own.
    this.#speaker.root.hidden = speakers.length === 0;
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    this.#media.removeEventListener('change', this.#onChange);
  }

  #chosen(kind: OwnKind): string {
    return this.#media.deviceId(kind);
  }
}

function field(label: string, name: string, choose: (deviceId: string) => void): Field {
  const select = element('select', { name, 'data-device': name });
  select.addEventListener('change', () => choose(select.value));
  return {
    root: element('label', { class: 'field' }, element('span', { class: 'field-label' }, label), select),
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
