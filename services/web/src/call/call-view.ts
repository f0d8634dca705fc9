import type {
  ConnectionState,
  ParticipantSnapshot,
  RemoteTrack,
  RemoteTrackSnapshot,
  Room,
  RoomSnapshot,
  SkeinClientError,
  TrackSource,
} from '@skein/client';
import { canShareScreen } from '../adapters/capture.ts';
import { after, every } from '../adapters/page-clock.ts';
import type { DeviceChoice } from '../devices/device-fields.ts';
import { element } from '../elements/element.ts';
import { icon } from '../elements/icons.ts';
import { announce, Notices } from '../elements/notices.ts';
import type { CaptureKind, LocalMedia } from '../devices/local-media.ts';
import type { ProblemText } from '../texts/problem-text.ts';
import { actionsFor, type Action } from './actions.ts';
import { ControlBar } from './control-bar.ts';
import { DetailsPanel } from './details-panel.ts';
import { copyInvite } from './invite.ts';
import { layersFor, type Quality } from './layer-choice.ts';
import { LocalTracks } from './local-tracks.ts';
import { attendanceText } from '../texts/attendance-text.ts';
import { SettingsDialog } from './settings-dialog.ts';
import { listenForShortcuts } from './shortcuts.ts';
import { BlockedPlayers } from './blocked-players.ts';
import { Stage } from './stage.ts';

const SPEAKING_REFRESH_MS = 200;
/** Audio level, 0 to 1, above which a participant is shown as speaking. */
const SPEAKING_LEVEL = 0.02;
/** Shorter interruptions are not shown. */
const INTERRUPTION_DELAY_MS = 700;

/** The call: tiles, controls, details. Renders snapshots of the room. */
export class CallView implements Disposable {
  readonly root: HTMLElement;
  readonly #room: Room;
  readonly #media: LocalMedia;
  readonly #own: LocalTracks;
  readonly #stage = new Stage();
  readonly #notices = new Notices();
  readonly #blocked = new BlockedPlayers(this.#notices);
  readonly #controls: ControlBar;
  readonly #details: DetailsPanel;
  readonly #settings: SettingsDialog;
  readonly #count = element('span', { class: 'call-count' });
  readonly #status = element('span', { class: 'call-status', role: 'status' });
  readonly #sharing = element(
    'p',
    { class: 'own-note', hidden: true },
    icon('screen'),
    'You are sharing your screen',
  );
  readonly #interrupted = element('p', { class: 'own-note', hidden: true, 'data-testid': 'interrupted' });
  readonly #qualities = new Map<string, Quality>();
  /** The attached tracks. */
  readonly #tracks = new Map<string, RemoteTrack>();
  #shown: RoomSnapshot | undefined;
  readonly #disposables: Disposable[] = [];
  #interruption: Disposable | undefined;

  constructor(room: Room, media: LocalMedia) {
    this.#room = room;
    this.#media = media;
    this.#own = new LocalTracks(room, media);
    const act = (action: Action): void => void this.#act(action);
    const { role } = room.localParticipant;
    const actions = actionsFor(role, canShareScreen());
    this.#controls = new ControlBar(actions, act);
    this.#details = new DetailsPanel(room, this.#qualityChoice(), () => act('details'));
    this.#settings = new SettingsDialog(media, this.#deviceChoice(), (any) =>
      this.#controls.setShown('settings', any),
    );
    this.root = this.#layOut();
    this.#disposables.push(listenForShortcuts(actions, act), this.#stage, this.#details, this.#settings);
    this.#follow();
  }

  /** Publishes the captures that are open. Safe to repeat when another one opens later. */
  async publish(): Promise<void> {
    await this.#attempt(() => this.#own.publishCaptured());
  }

  focus(): void {
    this.root.focus();
  }

  [Symbol.dispose](): void {
    this.#interruption?.[Symbol.dispose]();
    for (const one of this.#disposables) one[Symbol.dispose]();
  }

  #layOut(): HTMLElement {
    const head = element(
      'header',
      { class: 'call-head' },
      element('span', { class: 'brand-mark' }, icon('thread')),
      element('h1', {}, this.#room.name),
      element('span', { class: 'call-people' }, icon('people'), this.#count),
      this.#status,
      this.#sharing,
      this.#interrupted,
      this.#room.localParticipant.role === 'viewer' &&
        element('p', { class: 'own-note is-viewer' }, icon('eye'), 'Nobody sees or hears you'),
    );
    const body = element('div', { class: 'call-body' }, this.#stage.root, this.#details.root);
    const foot = element('footer', { class: 'call-foot' }, this.#notices.root, this.#controls.root);
    return element(
      'main',
      { class: 'call', tabindex: '-1', 'data-testid': 'call' },
      head,
      body,
      foot,
      this.#settings.root,
    );
  }

  #follow(): void {
    const room = this.#room;
    const { identity, role } = room.localParticipant;
    if (role === 'participant') this.#stage.addTile(identity, true);
    const onMedia = (): void => this.#showOwn();
    this.#media.addEventListener('change', onMedia);
    this.#disposables.push(
      { [Symbol.dispose]: room.subscribe(() => this.#render(room.snapshot())) },
      room.on('localTrackEnded', ({ track }) => void this.#handleEnded(track.source)),
      room.on('playbackBlocked', ({ track, element: player }) => this.#blocked.add(track, player)),
      room.on('error', ({ error }) =>
        this.#notices.show({ text: `Something did not work: ${error.message}` }),
      ),
      every(SPEAKING_REFRESH_MS, () => this.#showSpeakers()),
      { [Symbol.dispose]: () => this.#media.removeEventListener('change', onMedia) },
    );
    this.#render(room.snapshot());
  }

  /** Updates what differs from the snapshot that is shown. */
  #render(next: RoomSnapshot): void {
    const shown = this.#shown;
    this.#shown = next;
    if (shown?.participants !== next.participants)
      this.#renderParticipants(shown?.participants, next.participants);
    if (shown?.localParticipant !== next.localParticipant) this.#showOwn();
    if (shown?.connection !== next.connection) this.#showConnection(next.connection);
    this.#count.textContent = attendanceText(next.localParticipant.role, this.#stage.tileCount, next.viewers);
  }

  #renderParticipants(
    shown: readonly ParticipantSnapshot[] | undefined,
    next: readonly ParticipantSnapshot[],
  ): void {
    const before = new Map(shown?.map((participant) => [participant.identity, participant]));
    const isCrowdChanged = before.size !== next.length;
    for (const participant of next) {
      const known = before.get(participant.identity);
      before.delete(participant.identity);
      if (!known) this.#addParticipant(participant, shown !== undefined);
      if (known !== participant) this.#renderParticipant(known, participant);
    }
    for (const gone of before.values()) this.#removeParticipant(gone);
    // The size of the tiles decides about the layers of every track.
    if (isCrowdChanged || before.size > 0) for (const { tracks } of next) this.#applyQualities(tracks);
  }

  #addParticipant({ identity, name }: ParticipantSnapshot, isNew: boolean): void {
    const tile = this.#stage.addTile(identity, false);
    setSpeaker(tile.audio, this.#media.speakerId);
    if (isNew) announce(`${name} joined`);
  }

  #removeParticipant(participant: ParticipantSnapshot): void {
    for (const track of participant.tracks) this.#removeTrack(track);
    this.#stage.removeTile(participant.identity);
    announce(`${participant.name} left`);
  }

  #renderParticipant(known: ParticipantSnapshot | undefined, next: ParticipantSnapshot): void {
    const { identity, name, connection, tracks } = next;
    const before = new Map(known?.tracks.map((track) => [track.id, track]));
    for (const track of tracks) {
      this.#attach(track, name);
      if (hasOtherLayers(before.get(track.id), track)) this.#applyQualities([track]);
      before.delete(track.id);
    }
    for (const gone of before.values()) this.#removeTrack(gone);
    const isOn = (source: TrackSource): boolean =>
      tracks.some((track) => track.source === source && !track.muted);
    this.#stage
      .tile(identity)
      ?.show({ name, muted: !isOn('microphone'), camera: isOn('camera'), lost: connection === 'lost' });
  }

  #attach(snapshot: RemoteTrackSnapshot, owner: string): void {
    const { id, identity, source } = snapshot;
    const track = this.#room.participants.get(identity)?.tracks.get(id);
    const attached = this.#tracks.get(id);
    if (!track || track === attached) return;
    // A participant that left and joined again in one task publishes the same id as another object.
    if (attached) this.#removeTrack(snapshot);
    this.#tracks.set(id, track);
    const tile = this.#stage.tile(identity);
    if (source === 'screen') this.#stage.addScreen(track, owner);
    else if (source === 'camera') track.attach(tile?.video ?? element('video'));
    else if (source === 'microphone') track.attach(tile?.audio ?? element('audio'));
    else track.attach(element('audio'));
  }

  #removeTrack({ id, source }: RemoteTrackSnapshot): void {
    this.#tracks.get(id)?.detach();
    this.#tracks.delete(id);
    this.#qualities.delete(id);
    if (source === 'screen') this.#stage.removeScreen(id);
  }

  #showConnection({ state }: ConnectionState): void {
    const interrupted = state === 'reconnecting' || state === 'recovering';
    if (interrupted) {
      this.#interruption ??= after(INTERRUPTION_DELAY_MS, () => (this.#status.textContent = 'Reconnecting…'));
      return;
    }
    this.#interruption?.[Symbol.dispose]();
    this.#interruption = undefined;
    this.#status.textContent = '';
  }

  #showOwn(): void {
    const { identity, name } = this.#room.localParticipant;
    const { microphoneOn, cameraOn, sharing } = this.#own;
    const tile = this.#stage.tile(identity);
    tile?.show({ name, muted: !microphoneOn, camera: cameraOn });
    tile?.showCapture(this.#media.track('camera'));
    this.#controls.showMicrophone(microphoneOn);
    this.#controls.showCamera(cameraOn);
    this.#controls.showScreen(sharing);
    this.#sharing.hidden = !sharing;
    this.#showInterrupted();
  }

  /** Nobody hears a microphone that the system has muted, even though its button shows it as on. */
  #showInterrupted(): void {
    const sources = this.#own.interrupted;
    this.#interrupted.hidden = sources.length === 0;
    this.#interrupted.textContent = `Your system has turned off the ${sources.join(' and the ')}`;
  }

  #showSpeakers(): void {
    for (const { identity, tracks } of this.#room.snapshot().participants) {
      const voice = tracks.find(({ source }) => source === 'microphone');
      const level = voice && !voice.muted ? (this.#tracks.get(voice.id)?.audioLevel ?? 0) : 0;
      this.#stage.tile(identity)?.showSpeaking(level > SPEAKING_LEVEL);
    }
  }

  async #act(action: Action): Promise<void> {
    switch (action) {
      case 'mute':
        return await this.#attempt(() => this.#own.setMicrophone(!this.#own.microphoneOn), action);
      case 'camera':
        return await this.#attempt(() => this.#own.setCamera(!this.#own.cameraOn), action);
      case 'screen':
        return await this.#attempt(
          () => (this.#own.sharing ? this.#own.stopScreen() : this.#own.shareScreen()),
          action,
        );
      case 'settings':
        return this.#settings.open();
      case 'details':
        this.#details.setOpen(!this.#details.open);
        return this.#controls.showDetails(this.#details.open);
      case 'link':
        return await copyInvite(this.#room.name, this.#room.localParticipant.role, this.#notices);
      case 'leave':
        return await this.#room.leave();
    }
  }

  /** Runs the action of a button. A failure becomes a notice, never an exception. */
  async #attempt(run: () => Promise<ProblemText | undefined | void>, action?: Action): Promise<void> {
    if (action) this.#controls.setBusy(action, true);
    try {
      const problem = await run();
      if (problem) this.#notices.show({ text: `${problem.title} ${problem.advice}` });
    } catch (error) {
      this.#notices.show({ text: `That did not work: ${(error as SkeinClientError).message}` });
    } finally {
      if (action) this.#controls.setBusy(action, false);
      this.#showOwn();
    }
  }

  async #handleEnded(source: string): Promise<void> {
    if (source === 'screen') return await this.#attempt(() => this.#own.stopScreen());
    this.#notices.show({
      text: `Your ${source} was unplugged or taken away. Choose another one under Devices.`,
    });
    if (source === 'camera') await this.#attempt(() => this.#own.setCamera(false));
    if (source === 'microphone') await this.#attempt(() => this.#own.setMicrophone(false));
  }

  /** A viewer sends nothing and chooses only a speaker. */
  #deviceChoice(): DeviceChoice {
    const speaker = (id: string): void => this.#chooseSpeaker(id);
    if (this.#room.localParticipant.role === 'viewer') return { speaker };
    const choose = (kind: CaptureKind, id: string): void =>
      void this.#attempt(() => this.#own.chooseDevice(kind, id));
    return { speaker, camera: (id) => choose('camera', id), microphone: (id) => choose('microphone', id) };
  }

  #chooseSpeaker(deviceId: string): void {
    this.#media.speakerId = deviceId;
    for (const player of this.root.querySelectorAll('audio')) setSpeaker(player, deviceId);
  }

  #qualityChoice(): ConstructorParameters<typeof DetailsPanel>[1] {
    return {
      of: (trackId) => this.#qualities.get(trackId) ?? 'auto',
      choose: (track, quality) => {
        this.#qualities.set(track.id, quality);
        this.#applyQuality(track);
      },
    };
  }

  #applyQualities(tracks: readonly RemoteTrackSnapshot[]): void {
    for (const { id, kind } of tracks) {
      const track = this.#tracks.get(id);
      if (track && kind === 'video') this.#applyQuality(track);
    }
  }

  /** Idempotent: requests layers only when they differ from the requested ones. */
  #applyQuality(track: RemoteTrack): void {
    if (track.kind !== 'video' || track.spatialLayers < 2) return;
    const wanted = layersFor(this.#qualities.get(track.id) ?? 'auto', track, this.#stage.tileCount);
    if (wanted?.spatialLayer !== track.preferredLayers?.spatialLayer) track.setPreferredLayers(wanted);
  }
}

/** Whether the track is new, or has other media or another number of layers, so that its quality has to be chosen again. */
function hasOtherLayers(known: RemoteTrackSnapshot | undefined, next: RemoteTrackSnapshot): boolean {
  return (
    known?.spatialLayers !== next.spatialLayers ||
    known.subscription.mediaStreamTrack !== next.subscription.mediaStreamTrack
  );
}

function setSpeaker(player: HTMLAudioElement, deviceId: string): void {
  // When the device is gone, the sound stays on the system's speaker.
  if (deviceId !== '' && 'setSinkId' in player) player.setSinkId(deviceId).catch(() => undefined);
}
