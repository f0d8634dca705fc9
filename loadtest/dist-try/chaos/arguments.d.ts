export interface ChaosArguments {
    readonly scenario: string;
    readonly json: boolean;
    /** Default: the scenario's own. */
    readonly rounds: number | undefined;
    readonly seed: number | undefined;
    /** How long `random` runs. */
    readonly minutes: number;
}
export type Parsed = {
    readonly kind: 'run';
    readonly chaos: ChaosArguments;
} | {
    readonly kind: 'help';
} | {
    readonly kind: 'refused';
    readonly why: string;
};
export declare function usage(scenarios: readonly {
    readonly name: string;
    readonly what: string;
}[]): string;
/** `names`: the scenarios that there are. */
export declare function parseChaosArguments(args: readonly string[], names: readonly string[]): Parsed;
//# sourceMappingURL=arguments.d.ts.map