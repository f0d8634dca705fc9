export interface Gap {
    readonly longestGapMs: number;
    /** When the next one came; absent when none had come by the end of the window. */
    readonly endedAtMs?: number;
}
/**
 * The longest time without an arrival between `fromMs` and `toMs`. `times`: when something arrived, in order. What lies
 * before the window counts as its beginning, so that a window never starts in the middle of a gap unseen.
 */
export declare function longestGap(times: readonly number[], fromMs: number, toMs: number): Gap;
//# sourceMappingURL=gaps.d.ts.map