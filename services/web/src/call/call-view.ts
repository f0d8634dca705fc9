import type { ConnectionState, RemoteParticipant, RemoteTrack, Room, SkeinClientError } from '@skein/client';
import { canShareScreen } from '../adapters/capture.ts';
import { after, every } from '../adapters/page-clock.ts';
import type { DeviceChoice } from '../devices/device-fields.ts';
import { element } from '../elements/element.ts';
import { icon } from '../elements/icons.ts';
import { announce, Notices } from '../elements/notices.ts';
import type { OwnKind, OwnMedia } from '../devices/local-media.ts';
import type { ProblemText } from '../texts/problem-text.ts';
import { actionsFor, type Action } from './actions.ts';
import { ControlBar } from './control-bar.ts';
import { DetailsPanel } from './details-panel.ts';
import { copyInvite } from './invite.ts';
import { layersFor, type Quality } from './layer-choice.ts';
import { OwnTracks } from './local-tracks.ts';
import { peopleText } from '../texts/attendance-text.ts';
import { SettingsDialog } from './settings-dialog.ts';
import { listenForShortcuts } from './shortcuts.ts';
import { SilentPlayers } from './blocked-players.ts';
import { Stage } from './stage.ts';

const SPEAKING_REFRESH_MS = 200;
/** Audio level, 0 to 1, above which someone is shown as speaking. */
const SPEAKING_LEVEL = 0.02;
/** An interruption that is over by then is not spoken of. */
const CALM_MS = 700;

/** The call: tiles, controls, details. Everything it shows comes from the room. */
export class CallView implements Disposable {
  readonly root: HTMLElement;
  readonly #room: Room;
  readonly #media: OwnMedia;
  readonly #own: OwnTracks;
  readonly #stage = new Stage();
  readonly #notices = new Notices();
  readonly #silent = new SilentPlayers(this.#notices);
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
  readonly #disposables: Disposable[] = [];
  #interruption: Disposable | undefined;

  constructor(room: Room, media: OwnMedia) {
    this.#room = room;
    this.#media = media;
    this.#own = new OwnTracks(room, media);
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

  /** Publishes what the lobby has opened; safe to repeat when a capture comes in late. */
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
    for (const participant of room.participants.values()) this.#addPerson(participant);
    this.#showOwn();
    this.#disposables.push(
      room.on('participantJoined', ({ participant }) => {
        this.#addPerson(participant);
        announce(`${participant.name} joined`);
      }),
      room.on('participantLeft', ({ participant }) => {
        this.#stage.removeTile(participant.identity);
        this.#showPeople();
        announce(`${participant.name} left`);
      }),
      room.on('viewersChanged', () => this.#showPeople()),
      room.on('participantUpdated', ({ participant }) => this.#showPerson(participant)),
      room.on('trackPublished', ({ participant, track }) => this.#addTrack(participant, track)),
      room.on('trackUnpublished', ({ participant, track }) => this.#removeTrack(participant, track)),
      // It may come in other layers than before.
      room.on('trackSubscribed', ({ track }) => this.#applyQuality(track)),
      room.on('trackMuted', ({ participant }) => this.#showPerson(participant)),
      room.on('trackUnmuted', ({ participant }) => this.#showPerson(participant)),
      room.on('localTrackPublished', () => this.#showOwn()),
      room.on('localTrackUnpublished', () => this.#showOwn()),
      room.on('localTrackEnded', ({ track }) => void this.#handleEnded(track.source)),
      room.on('localTrackCaptureChanged', () => this.#showInterrupted()),
      room.on('playbackBlocked', ({ track, element: player }) => this.#silent.add(track, player)),
      room.on('connectionStateChanged', ({ connection }) => this.#showConnection(connection)),
      room.on('error', ({ error }) =>
        this.#notices.show({ text: `Something did not work: ${error.message}` }),
      ),
      every(SPEAKING_REFRESH_MS, () => this.#showSpeakers()),
    );
    const onMedia = (): void => this.#showOwn();
    this.#media.addEventListener('change', onMedia);
    this.#disposables.push({ [Symbol.dispose]: () => this.#media.removeEventListener('change', onMedia) });
  }

  #showConnection({ state }: ConnectionState): void {
    const interrupted = state === 'reconnecting' || state === 'recovering';
    if (interrupted) {
      this.#interruption ??= after(CALM_MS, () => (this.#status.textContent = 'Reconnecting…'));
      return;
    }
    this.#interruption?.[Symbol.dispose]();
    this.#interruption = undefined;
    this.#status.textContent = '';
  }

  #addPerson(participant: RemoteParticipant): void {
    const tile = this.#stage.addTile(participant.identity, false);
    setSpeaker(tile.audio, this.#media.speakerId);
    for (const track of participant.tracks.values()) this.#addTrack(participant, track);
    this.#showPerson(participant);
    this.#showPeople();
  }

  #addTrack(participant: RemoteParticipant, track: RemoteTrack): void {
    const tile = this.#stage.tile(participant.identity);
    if (track.source === 'screen') this.#stage.addScreen(track, participant.name);
    else if (track.source === 'camera') track.attach(tile?.video ?? element('video'));
    else if (track.source === 'microphone') track.attach(tile?.audio ?? element('audio'));
    else track.attach(element('audio'));
    this.#showPerson(participant);
    this.#applyQuality(track);
  }

  #removeTrack(participant: RemoteParticipant, track: RemoteTrack): void {
    track.detach();
    this.#qualities.delete(track.id);
    if (track.source === 'screen') this.#stage.removeScreen(track.id);
    this.#showPerson(participant);
  }

  #showPerson({ identity, name, tracks, connection }: RemoteParticipant): void {
    const live = (source: string): boolean =>
      [...tracks.values()].some((track) => track.source === source && !track.muted);
    this.#stage
      .tile(identity)
      ?.show({ name, muted: !live('microphone'), camera: live('camera'), lost: connection === 'lost' });
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
    this.#showPeople();
  }

  /** Nobody hears a microphone that the system has muted, whatever the button says. */
  #showInterrupted(): void {
    const sources = this.#own.interrupted;
    this.#interrupted.hidden = sources.length === 0;
    this.#interrupted.textContent = `Your system has turned off the ${sources.join(' and the ')}`;
  }

  #showPeople(): void {
    const people = this.#stage.tileCount;
    const { viewers, localParticipant } = this.#room;
    this.#count.textContent = peopleText(localParticipant.role, people, viewers);
    for (const { tracks } of this.#room.participants.values())
      for (const track of tracks.values()) this.#applyQuality(track);
  }

  #showSpeakers(): void {
    for (const { identity, tracks } of this.#room.participants.values()) {
      const voice = [...tracks.values()].find(({ source }) => source === 'microphone');
      const level = voice && !voice.muted ? (voice.audioLevel ?? 0) : 0;
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

  /** Does what a button asks; what goes wrong becomes a notice, never an exception. */
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

  /** A viewer has nothing to send with, and chooses only where it hears. */
  #deviceChoice(): DeviceChoice {
    const speaker = (id: string): void => this.#chooseSpeaker(id);
    if (this.#room.localParticipant.role === 'viewer') return { speaker };
    const choose = (kind: OwnKind, id: string): void =>
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

  #applyQuality(track: RemoteTrack): void {
    if (track.kind !== 'video' || track.spatialLayers < 2) return;
    const wanted = layersFor(this.#qualities.get(track.id) ?? 'auto', track, this.#stage.tileCount);
    if (wanted?.spatialLayer !== track.preferredLayers?.spatialLayer) track.setPreferredLayers(wanted);
  }
}

function setSpeaker(player: HTMLAudioElement, deviceId: string): void {
  // A speaker that is gone leaves the sound on the system's own.
  if (deviceId !== '' && 'setSinkId' in player) player.setSinkId(deviceId).catch(() => undefined);
}
