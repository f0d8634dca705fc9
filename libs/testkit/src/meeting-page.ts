import type { Browser, Page } from './adapters/browser.ts';
import {
  captureRoundTrip,
  countSoundContexts,
  interruptMicrophone,
  openSoundContexts,
  receivedPicture,
  resizeCanvas,
  sendCanvas,
  shareCanvas,
  stopMicrophone,
  type Picture,
  type ReceivedPicture,
} from './adapters/canvas-capture.ts';
import { recordDeviceRequests } from './adapters/device-requests.ts';
import { chooseLayer, probeMedia, type MediaReport } from './adapters/media-probe.ts';
import { recordTimeline, type PageTimeline } from './adapters/page-timeline.ts';
import { roomFacts, watchRoom, type RoomFacts } from './adapters/room-watch.ts';
import { eventually } from './eventually.ts';

export interface MeetingOptions {
  readonly room: string;
  /** Also the identity. */
  readonly name: string;
  /** The media node to be placed on. */
  readonly nodeId?: string;
  /** Default `participant`. */
  readonly role?: 'participant' | 'viewer';
  /** Camera size; small by default, so that several pages fit on one machine. */
  readonly width?: number;
  readonly height?: number;
  /** Runs in the page before anything else. */
  readonly initScript?: () => void;
}

/** What the tile of a person shows. */
export interface TileState {
  readonly muted: boolean;
  readonly camera: boolean;
}

export type MeetingAction = 'mute' | 'camera' | 'screen' | 'leave' | 'details' | 'join';

const JOIN_DEADLINE_MS = 15_000;
const SEEN = { framesShown: 5, brightness: 10, motion: 0.3 };
const HEARD = { loudness: 0.003 };

/** A person in a call: the meeting page in a browser page of its own. */
export class MeetingPage implements AsyncDisposable {
  readonly name: string;
  readonly page: Page;
  /** Errors that the page threw or logged. */
  readonly problems: string[] = [];

  private constructor(name: string, page: Page) {
    this.name = name;
    this.page = page;
  }

  /** Opens the page of the gateway at `gatewayUrl` and joins without asking. */
  static async join(browser: Browser, gatewayUrl: string, options: MeetingOptions): Promise<MeetingPage> {
    const meeting = await MeetingPage.#load(browser, gatewayUrl, options, { autojoin: '1' });
    await meeting.joined();
    return meeting;
  }

  /** Opens the page and stays in its lobby; `press('join')` joins. */
  static async openLobby(
    browser: Browser,
    gatewayUrl: string,
    options: MeetingOptions,
  ): Promise<MeetingPage> {
    const meeting = await MeetingPage.#load(browser, gatewayUrl, options, {});
    await meeting.page.locator('[data-action="join"]').waitFor({ timeout: JOIN_DEADLINE_MS });
    return meeting;
  }

  static async #load(
    browser: Browser,
    gatewayUrl: string,
    options: MeetingOptions,
    more: Record<string, string>,
  ): Promise<MeetingPage> {
    const { room, name, nodeId, role = 'participant', width = 320, height = 180 } = options;
    const context = await browser.newContext({ viewport: { width: 960, height: 640 } });
    const meeting = new MeetingPage(name, await context.newPage());
    await meeting.page.addInitScript(recordTimeline);
    await meeting.page.addInitScript(recordDeviceRequests);
    await meeting.page.addInitScript(countSoundContexts);
    if (options.initScript) await meeting.page.addInitScript(options.initScript);
    meeting.page.on('pageerror', (error) => meeting.problems.push(String(error)));
    meeting.page.on('console', (message) => {
      if (message.type() === 'error') meeting.problems.push(message.text());
    });
    const query = new URLSearchParams({
      room,
      name,
      identity: name,
      role,
      width: `${width}`,
      height: `${height}`,
      ...more,
    });
    if (nodeId) query.set('node', nodeId);
    await meeting.page.goto(`${gatewayUrl}/?${query.toString()}`);
    return meeting;
  }

  /** Waits until the page is in the call. */
  async joined(): Promise<void> {
    await this.page.locator('[data-action="leave"]').waitFor({ timeout: JOIN_DEADLINE_MS });
  }

  /** What is seen and heard of another participant. */
  probe(identity: string): Promise<MediaReport> {
    return this.page.evaluate(probeMedia, identity);
  }

  /** Waits until the other one is seen moving and heard. */
  async seesAndHears(identity: string, deadlineMs = 15_000): Promise<MediaReport> {
    return eventually(
      `${this.name} sees and hears ${identity}`,
      async () => {
        const report = await this.probe(identity);
        if (!isSeen(report) || !isHeard(report)) throw new Error(JSON.stringify(report));
        return report;
      },
      { deadlineMs },
    );
  }

  /** The tiles of people by identity, own tile included. */
  async tiles(): Promise<Map<string, TileState>> {
    const tiles = await this.page.locator('[data-testid="tile"]').evaluateAll((elements) =>
      elements
        .map((element) => (element as HTMLElement).dataset)
        .filter((data) => data['source'] !== 'screen')
        .map(
          (data) =>
            [
              data['identity'] ?? '',
              { muted: data['muted'] === 'true', camera: data['camera'] === 'on' },
            ] as const,
        ),
    );
    return new Map(tiles);
  }

  /** When things happened in this page so far. */
  async timeline(): Promise<PageTimeline> {
    const timeline = await this.page.evaluate(() => window.skeinTimeline);
    if (!timeline) throw new Error('the page has no timeline; was it opened by MeetingPage?');
    return timeline;
  }

  /** Which devices the page has asked the browser for so far. */
  async deviceRequests(): Promise<string[]> {
    const requests = await this.page.evaluate(() => window.skeinDeviceRequests);
    if (!requests) throw new Error('the page has no record of its devices; was it opened by MeetingPage?');
    return requests;
  }

  /** Asks for a simulcast layer of another's camera: 0 is the smallest. */
  async chooseLayer(identity: string, spatialLayer: number): Promise<void> {
    await this.page.evaluate(chooseLayer, { identity, spatialLayer });
  }

  /** Sends a moving picture of this size in place of the camera. */
  async sendCanvas(size: Picture): Promise<void> {
    await this.page.evaluate(sendCanvas, size);
  }

  /** Shares a moving picture of this size as the screen. */
  async shareCanvas(size: Picture): Promise<void> {
    await this.page.evaluate(shareCanvas, size);
  }

  /** Changes the size of what `sendCanvas` captures. */
  async resizeCanvas(size: Picture): Promise<void> {
    await this.page.evaluate(resizeCanvas, size);
  }

  /** Another's camera as it is shown here. */
  receivedPicture(identity: string): Promise<ReceivedPicture> {
    return this.page.evaluate(receivedPicture, identity);
  }

  /** Sound contexts that the page holds open. */
  openSoundContexts(): Promise<number> {
    return this.page.evaluate(openSoundContexts);
  }

  /** The capture ends without an event. */
  async stopMicrophone(): Promise<void> {
    await this.page.evaluate(stopMicrophone);
  }

  /** `MediaStreamTrack.enabled` of captures at several moments of being published. */
  captureRoundTrip(): Promise<Record<string, boolean>> {
    return this.page.evaluate(captureRoundTrip);
  }

  /** The system mutes the microphone, or gives it back; answers with what the SDK told. */
  interruptMicrophone(events: readonly ('mute' | 'unmute')[]): Promise<string[]> {
    return this.page.evaluate(interruptMicrophone, events);
  }

  /** From now on `room()` tells who left. */
  async watchRoom(): Promise<void> {
    await this.page.evaluate(watchRoom);
  }

  /** The room of the page's SDK. */
  room(): Promise<RoomFacts> {
    return this.page.evaluate(roomFacts);
  }

  async press(action: MeetingAction): Promise<void> {
    await this.page.locator(`[data-action="${action}"]`).first().click();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}

export function isSeen({ framesShown, brightness, motion }: MediaReport): boolean {
  return framesShown >= SEEN.framesShown && brightness >= SEEN.brightness && motion >= SEEN.motion;
}

export function isHeard({ loudness }: MediaReport): boolean {
  return loudness >= HEARD.loudness;
}
