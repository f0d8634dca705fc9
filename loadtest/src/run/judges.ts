import { launchBrowser, MeetingPage, type Browser } from '@skein/testkit';
import type { JudgeFigures } from '../report/document.ts';
import { readFrames, watchFrames } from './adapters/frame-watch.ts';

export interface JudgeOptions {
  readonly count: number;
  readonly room: string;
  readonly urls: readonly string[];
}

interface Judge {
  readonly name: string;
  meeting?: MeetingPage;
  readonly problems: string[];
}

/** Chromium pages in one of the rooms: what people see is measured where it is shown. */
export class Judges implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #judges: Judge[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Starts the browser. Rejects with a line for people when there is none. */
  static async start(): Promise<Judges> {
    try {
      return new Judges(await launchBrowser());
    } catch (error) {
      const first = error instanceof Error ? error.message.split('\n')[0] : String(error);
      throw new Error(`the scenario wants judges, and Chromium does not start: ${first}`, { cause: error });
    }
  }

  /** One after another; what fails stands in the judge's problems. */
  async join({ count, room, urls }: JudgeOptions): Promise<void> {
    for (let index = 0; index < count; index++) {
      const judge: Judge = { name: `judge-${index + 1}`, problems: [] };
      this.#judges.push(judge);
      try {
        const url = urls[index % urls.length] ?? '';
        judge.meeting = await MeetingPage.join(this.#browser, url, { room, name: judge.name });
        await judge.meeting.page.evaluate(watchFrames, judge.name);
      } catch (error) {
        judge.problems.push(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
      }
    }
  }

  async figures(): Promise<JudgeFigures[]> {
    return await Promise.all(this.#judges.map(figuresOf));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close().catch(() => undefined);
  }
}

const FREEZE_MS = 500;
const MOST_PROBLEMS = 10;

async function figuresOf({ name, meeting, problems }: Judge): Promise<JudgeFigures> {
  const nothing = { name, seen: 0, framesPerSecond: 0, freezes: 0, longestFreezeMs: 0, problems };
  if (!meeting) return nothing;
  try {
    const { nowMs, videos, present } = await meeting.page.evaluate(readFrames);
    const seen = Object.values(videos);
    const perSecond = seen.map(
      ({ frames, firstMs, lastMs }) => ((frames - 1) * 1000) / Math.max(1, lastMs - firstMs),
    );
    // A picture that stands still to the end, of someone who is still there.
    const shown = Object.entries(videos).filter(([identity]) => present.includes(identity));
    const stillMs = shown.map(([, { lastMs }]) => nowMs - lastMs).filter((ms) => ms > FREEZE_MS);
    const longest = Math.max(0, ...stillMs, ...seen.map(({ longestFreezeMs }) => longestFreezeMs));
    return {
      ...{ name, seen: seen.length },
      framesPerSecond:
        Math.round((perSecond.reduce((sum, one) => sum + one, 0) / Math.max(1, seen.length)) * 10) / 10,
      freezes: stillMs.length + seen.reduce((sum, { freezes }) => sum + freezes, 0),
      longestFreezeMs: Math.round(longest),
      problems: [...new Set([...problems, ...meeting.problems])].slice(0, MOST_PROBLEMS),
    };
  } catch (error) {
    return { ...nothing, problems: [...problems, error instanceof Error ? error.message : String(error)] };
  }
}
