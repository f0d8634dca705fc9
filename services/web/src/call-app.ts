import { connect, SkeinClientError, type CloseReason, type Room } from '@skein/client';
import { CallView } from './call/call-view.ts';
import { EndingView } from './ending-view.ts';
import { LobbyView, type JoinWish } from './lobby/lobby-view.ts';
import { OwnMedia } from './devices/local-media.ts';
import type { PageQuery } from './address/page-query.ts';
import { joinProblem } from './texts/problem-text.ts';
import { pageBase } from './address/page-base.ts';
import { rememberedName, rememberName } from './adapters/remembered-name.ts';

declare global {
  interface Window {
    /** The room of the call that this page is in, for tests and for looking around in the console. */
    skeinRoom?: Room | undefined;
  }
}

interface View extends Disposable {
  readonly root: HTMLElement;
  focus(): void;
}

const FIRST_REJOIN_SECONDS = 2;
const LONGEST_REJOIN_SECONDS = 30;

/** The page: lobby, call, ending, and the ways between them. */
export class CallApp {
  readonly #mount: HTMLElement;
  readonly #query: PageQuery;
  readonly #media: OwnMedia;
  #view: View | undefined;
  #joining = false;
  #wish: JoinWish;
  #identity: string | undefined;
  #nodeId: string | undefined;
  #failedRejoins = 0;
  /** Where to join: at the gateway that served this page, or whichever ones are known from the last call. */
  #gateways: readonly string[] = [pageBase().href];

  constructor(mount: HTMLElement, query: PageQuery) {
    this.#mount = mount;
    this.#query = query;
    this.#media = new OwnMedia(query);
    this.#identity = query.identity;
    this.#nodeId = query.nodeId;
    this.#wish = { room: query.room, name: query.name || rememberedName() };
    // The others see at once that this tab is gone, and not only when its socket is missed.
    addEventListener('pagehide', () => void window.skeinRoom?.leave());
  }

  start(): void {
    const { room, name } = this.#wish;
    if (this.#query.autojoin && room !== '') void this.#join({ room, name });
    else this.#showLobby();
    this.#openMedia();
  }

  #showLobby(): LobbyView {
    const lobby = new LobbyView(this.#query.role, this.#media, this.#wish, (wish) => void this.#join(wish));
    this.#show(lobby, 'Skein');
    return lobby;
  }

  async #join(wish: JoinWish): Promise<void> {
    if (this.#joining) return;
    this.#joining = true;
    this.#wish = wish;
    if (this.#view instanceof LobbyView) this.#view.showJoining(true);
    try {
      const { role } = this.#query;
      const name = wish.name || (role === 'viewer' ? 'Viewer' : 'Guest');
      const who = { room: wish.room, name, role, identity: this.#identity, nodeId: this.#nodeId };
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
    if (this.#wish.name !== '') rememberName(this.#wish.name);
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
    const seconds = Math.min(LONGEST_REJOIN_SECONDS, FIRST_REJOIN_SECONDS * 2 ** this.#failedRejoins);
    const ending = new EndingView(reason, this.#wish.room, seconds, {
      rejoin: () => void this.#rejoin(),
      lobby: () => this.#toLobby(),
    });
    this.#show(ending, 'Skein');
  }

  async #rejoin(): Promise<void> {
    this.#openMedia();
    await this.#join(this.#wish);
  }

  #handleJoinFailed(error: SkeinClientError): void {
    // As the advice says: the next attempt is without it.
    if (error.code === 'NODE_NOT_FOUND') this.#nodeId = undefined;
    // Still being asked for by the ending: wait longer each time.
    if (this.#view instanceof EndingView && error.retryAfterMs !== undefined) {
      this.#failedRejoins++;
      return this.#end('connection-lost');
    }
    const lobby = this.#view instanceof LobbyView ? this.#view : this.#showLobby();
    lobby.showJoining(false);
    lobby.showProblem(joinProblem(error));
  }

  #toLobby(): void {
    this.#wish = { ...this.#wish, room: '' };
    this.#showLobby();
    this.#openMedia();
  }

  /** Whoever only watches is not asked for a camera. */
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
