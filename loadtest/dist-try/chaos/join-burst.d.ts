import { type ChaosSummary } from './report.ts';
export interface JoinBurstOptions {
    readonly seed: number;
    readonly say: (line: string) => void;
    /** Repetitions of each burst. Default 1. */
    readonly rounds?: number | undefined;
    readonly people?: number;
}
/** Many joins at once without media: how long each takes, and how evenly the nodes get them. */
export declare function runJoinBurst(options: JoinBurstOptions): Promise<ChaosSummary>;
/** How many went to each node, and the most that one got in relation to its fair share. */
export declare function spreadOver(nodeIds: readonly string[], nodes?: number): {
    readonly counts: Readonly<Record<string, number>>;
    readonly mostOfShare: number;
};
//# sourceMappingURL=join-burst.d.ts.map