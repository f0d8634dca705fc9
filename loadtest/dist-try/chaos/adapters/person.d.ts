import type { Browser } from '@skein/testkit';
import type { PersonOptions, PersonView, TrackGap } from '../person-report.ts';
/** A person of the fault bench: a page of its own in a real browser. */
export declare class Person implements AsyncDisposable {
    #private;
    readonly identity: string;
    /** Errors that the page threw. */
    readonly problems: string[];
    private constructor();
    static join(browser: Browser, pageUrl: string, options: PersonOptions): Promise<Person>;
    view(): Promise<PersonView>;
    gaps(fromMs: number, toMs: number): Promise<readonly TrackGap[]>;
    setMuted(muted: boolean): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}
//# sourceMappingURL=person.d.ts.map