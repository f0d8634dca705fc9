import { connect, SkeinClientError, type CloseReason, type Room } from '@skein/client';
import { backoff } from '@skein/runtime/backoff';
import { CallView } from './call/call-view.ts';
import { EndingView } from './ending-view.ts';
import { LobbyView, type JoinForm } from './lobby/lobby-view.ts';
import { LocalMedia } from './devices/local-media.ts';
import type { PageQuery } from './address/page-query.ts';
import { joinProblem } from './texts/problem-text.ts';
import { pageBase } from './address/page-base.ts';
import { rememberedName, rememberName } from './adapters/remembered-name.ts';

declare global {
  interface Window {
    /** The room of the current call, for tests and the console. */
    skeinRoom?: Room | undefined;
  }
}

interface View extends Disposable {
  readonly root: HTMLElement;
  focus(): void;
}

const rejoinDelayMs = backoff({ firstMs: 2000, maxMs: 30_000 });

/** The page: switches between lobby, call and ending. */
export class CallApp {
  readonly #mount: HTMLElement;
  readonly #query: PageQuery;
  readonly #media: LocalMedia;
  #view: View | undefined;
  #joining = false;
  #form: JoinForm;
  #identity: string | undefined;
  #nodeId: string | undefined;
  #failedRejoins = 0;
  /** The gateway that served this page, later those that the last call knew. */
  #gateways: readonly string[] = [pageBase().href];

  constructor(mount: HTMLElement, query: PageQuery) {
    this.#mount = mount;
    this.#query = query;
    this.#media = new LocalMedia(query);
    this.#identity = query.identity;
    this.#nodeId = query.nodeId;
    this.#form = { room: query.room, name: query.name || rememberedName() };
    // Leaves at once, so that the others need not wait until the gateway detects the loss.
    addEventListener('pagehide', () => void window.skeinRoom?.leave());
  }

  start(): void {
    const { room, name } = this.#form;
    if (this.#query.autojoin && room !== '') void this.#join({ room, name });
    else this.#showLobby();
    this.#openMedia();
  }

  #showLobby(): LobbyView {
    const lobby = new LobbyView(this.#query.role, this.#media, this.#form, (form) => void this.#join(form));
    this.#show(lobby, 'Skein');
    return lobby;
  }

  async #join(form: JoinForm): Promise<void> {
    if (this.#joining) return;
    this.#joining = true;
    this.#form = form;
    if (this.#view instanceof LobbyView) this.#view.showJoining(true);
    try {
      const { role } = this.#query;
      const name = form.name || (role === 'viewer' ? 'Viewer' : 'Guest');
      const who = { room: form.room, name, role, identity: this.#identity, nodeId: this.#nodeId };
      this.#enter(await connect({ url: this.#gateways, ...who }));
    } catch (thrown) {
      this.#handleJoinFailed(SkeinClientError.from(thrown));
    } finally {
      this.#joining = false;
    }
  }

  #enter(room: Room): void {
    window.skeinRoom = room;
    this.#failedRejoins = 0;
    this.#identity = room.localParticipant.identity;
    if (this.#form.name !== '') rememberName(this.#form.name);
    const call = new CallView(room, this.#media);
    this.#show(call, `${room.name} · Skein`);
    const publish = (): unknown => this.#query.role === 'participant' && call.publish();
    publish();
    const onMedia = (): void => void publish();
    this.#media.addEventListener('change', onMedia);
    room.on('connectionStateChanged', ({ connection }) => {
      if (connection.state !== 'closed') return;
      this.#media.removeEventListener('change', onMedia);
      window.skeinRoom = undefined;
      this.#gateways = room.gateways;
      this.#end(connection.reason);
    });
  }

  #end(reason: CloseReason): void {
    if (reason === 'left') {
      this.#media.close('camera');
      this.#media.close('microphone');
    }
    const seconds = rejoinDelayMs(this.#failedRejoins + 1) / 1000;
    const ending = new EndingView(reason, this.#form.room, seconds, {
      rejoin: () => void this.#rejoin(),
      lobby: () => this.#toLobby(),
    });
    this.#show(ending, 'Skein');
  }

  async #rejoin(): Promise<void> {
    this.#openMedia();
    await this.#join(this.#form);
  }

  #handleJoinFailed(error: SkeinClientError): void {
    // The next attempt lets the cluster choose, as the advice says.
    if (error.code === 'NODE_NOT_FOUND') this.#nodeId = undefined;
    // An automatic rejoin from the ending: back off.
    if (this.#view instanceof EndingView && error.retryAfterMs !== undefined) {
      this.#failedRejoins++;
      return this.#end('connection-lost');
    }
    const lobby = this.#view instanceof LobbyView ? this.#view : this.#showLobby();
    lobby.showJoining(false);
    lobby.showProblem(joinProblem(error));
  }

  #toLobby(): void {
    this.#form = { ...this.#form, room: '' };
    this.#showLobby();
    this.#openMedia();
  }

  /** Viewers are not asked for a camera. */
  #openMedia(): void {
    if (this.#query.role === 'viewer') return;
    for (const kind of ['camera', 'microphone'] as const)
      if (!this.#media.track(kind) && !this.#media.isOff(kind)) void this.#media.open(kind);
  }

  #show(view: View, title: string): void {
    this.#view?.[Symbol.dispose]();
    this.#view = view;
    this.#mount.replaceChildren(view.root);
    document.title = title;
    view.focus();
  }
}
