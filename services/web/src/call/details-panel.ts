import type { RemoteParticipant, RemoteTrack, Room, RoomStats, TrackSource, TrackStats } from '@skein/client';
import { every } from '../adapters/page-clock.ts';
import { element } from '../elements/element.ts';
import { icon } from '../elements/icons.ts';
import { QUALITIES, type Quality } from './layer-choice.ts';
import {
  bitrateText,
  framesText,
  layersText,
  lossText,
  millisecondsText,
  pictureText,
} from '../texts/stat-text.ts';

const REFRESH_MS = 1000;

const SOURCE_NAMES: Readonly<Record<TrackSource, string>> = {
  microphone: 'Microphone',
  camera: 'Camera',
  screen: 'Screen',
  'screen-audio': 'Screen audio',
};
const QUALITY_NAMES: Readonly<Record<Quality, string>> = {
  auto: 'Automatic',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
};

export interface QualityChoice {
  of(trackId: string): Quality;
  choose(track: RemoteTrack, quality: Quality): void;
}

/** Shows the media node of each participant and the statistics of each track. Measures only while it is open. */
export class DetailsPanel implements Disposable {
  readonly root: HTMLElement;
  readonly #room: Room;
  readonly #qualities: QualityChoice;
  readonly #participants = element('div', { class: 'details-people' });
  #timer: Disposable | undefined;

  constructor(room: Room, qualities: QualityChoice, close: () => void) {
    this.#room = room;
    this.#qualities = qualities;
    const closing = element(
      'button',
      { type: 'button', class: 'icon-button', 'aria-label': 'Close details' },
      icon('close'),
    );
    closing.addEventListener('click', close);
    this.root = element(
      'aside',
      { class: 'details', 'aria-label': 'Details', 'data-testid': 'details', hidden: true },
      element('header', { class: 'details-head' }, element('h2', {}, 'Details'), closing),
      this.#participants,
    );
  }

  get open(): boolean {
    return !this.root.hidden;
  }

  setOpen(open: boolean): void {
    if (open === this.open) return;
    this.root.hidden = !open;
    this.#timer?.[Symbol.dispose]();
    this.#timer = open ? every(REFRESH_MS, () => void this.#refresh()) : undefined;
    if (open) void this.#refresh();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  async #refresh(): Promise<void> {
    const stats = await this.#room.stats();
    // Rendering would close a select that is open.
    if (!this.open || this.#participants.querySelector('select:focus')) return;
    const others = [...this.#room.participants.values()].map((participant) =>
      this.#participant(participant, stats),
    );
    this.#participants.replaceChildren(this.#self(stats), ...others);
  }

  #self(stats: RoomStats): HTMLElement {
    const { identity, name } = this.#room.localParticipant;
    const roundTrip = `signaling ${millisecondsText(stats.signalingRoundTripMs)}`;
    const tracks = stats.sent.toSorted(bySource).map((track) => trackCard(track, sentRows(track)));
    return participantCard(identity, `${name} (you)`, stats.nodeId, roundTrip, tracks);
  }

  #participant({ identity, name, nodeId, tracks }: RemoteParticipant, stats: RoomStats): HTMLElement {
    const cards = [...tracks.values()].toSorted(bySource).map((track) => {
      const measured = stats.received.find(({ trackId }) => trackId === track.id);
      if (!measured)
        return element(
          'div',
          { class: 'track' },
          element('p', {}, `${SOURCE_NAMES[track.source]}: not received yet`),
        );
      return trackCard(measured, receivedRows(measured, track), this.#qualityField(track));
    });
    const same = nodeId === stats.nodeId ? 'same node as you' : 'through a pipe';
    return participantCard(identity, name, nodeId, same, cards);
  }

  #qualityField(track: RemoteTrack): HTMLElement | undefined {
    if (track.spatialLayers < 2) return undefined;
    const chosen = this.#qualities.of(track.id);
    const options = QUALITIES.filter((one) => one !== 'medium' || track.spatialLayers > 2).map((quality) =>
      element('option', { value: quality, selected: quality === chosen }, QUALITY_NAMES[quality]),
    );
    const select = element('select', { 'data-quality': track.id }, ...options);
    select.addEventListener('change', () => {
      this.#qualities.choose(track, select.value as Quality);
      select.blur();
    });
    return element(
      'label',
      { class: 'field field-inline' },
      element('span', { class: 'field-label' }, 'Quality'),
      select,
    );
  }
}

function participantCard(
  identity: string,
  name: string,
  nodeId: string,
  note: string,
  tracks: readonly HTMLElement[],
): HTMLElement {
  return element(
    'section',
    { class: 'person', 'data-testid': 'person', 'data-identity': identity, 'data-node': nodeId },
    element(
      'header',
      { class: 'person-head' },
      element('h3', {}, name),
      element('span', { class: 'node' }, nodeId),
    ),
    element('p', { class: 'person-note' }, note),
    ...(tracks.length > 0 ? tracks : [element('p', { class: 'person-note' }, 'Sends nothing.')]),
  );
}

type StatRow = readonly [name: string, value: string];

function trackCard(
  { source, muted, trackId }: TrackStats,
  rows: readonly StatRow[],
  quality?: HTMLElement,
): HTMLElement {
  return element(
    'div',
    { class: 'track', 'data-testid': 'track', 'data-source': source, 'data-track': trackId },
    element('h4', {}, SOURCE_NAMES[source], muted && element('span', { class: 'track-off' }, 'off')),
    element(
      'dl',
      {},
      ...rows.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
    ),
    quality,
  );
}

function sentRows(track: TrackStats): StatRow[] {
  const sizes = track.streams.filter(({ bitrateBps, width }) => bitrateBps > 0 && width).length;
  return [
    ...commonRows(track),
    ...(track.kind === 'video' ? [['Layers sent', String(sizes || '–')] as const] : []),
  ];
}

function receivedRows(track: TrackStats, { spatialLayers }: RemoteTrack): StatRow[] {
  const layered = track.kind === 'video' && spatialLayers > 1;
  return [
    ...commonRows(track),
    ...(layered ? [['Layer', layersText(track.layers, spatialLayers)] as const] : []),
  ];
}

function commonRows(track: TrackStats): StatRow[] {
  const picture: StatRow[] = [
    ['Picture', pictureText(track)],
    ['Frames', framesText(track.framesPerSecond)],
  ];
  return [
    ['Codec', track.codec ?? '–'],
    ['Bitrate', bitrateText(track.bitrateBps)],
    ...(track.kind === 'video' ? picture : []),
    ['Loss', lossText(track.lossRatio)],
    ['Round trip', millisecondsText(track.roundTripMs)],
    ['Jitter', millisecondsText(track.jitterMs)],
  ];
}

/** The same order for every participant, independent of publishing. */
function bySource(one: { readonly source: TrackSource }, other: { readonly source: TrackSource }): number {
  const order = Object.keys(SOURCE_NAMES);
  return order.indexOf(one.source) - order.indexOf(other.source);
}
