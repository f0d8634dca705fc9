import { type Random } from '@skein/runtime';
import type { Violation } from './invariants.ts';
import type { Setting } from './scenario.ts';
import type { StageParts } from './stage.ts';
export interface BenchOptions {
    readonly setting: Setting;
    readonly form: 'long' | 'short';
    readonly random: Random;
    readonly say: (line: string) => void;
}
/** A call on a cluster of its own, with an observer: all that rounds are run on. Disposing leaves nothing behind. */
export declare class Bench implements AsyncDisposable {
    #private;
    readonly stage: StageParts;
    /** Each process' log. */
    readonly logDir: string;
    private constructor();
    get violations(): readonly Violation[];
    static open(options: BenchOptions): Promise<Bench>;
    [Symbol.asyncDispose](): Promise<void>;
}
//# sourceMappingURL=bench.d.ts.map