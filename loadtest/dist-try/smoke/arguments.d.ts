export declare const usage = "Usage: npm run smoke -- [--json] [--url URL --control HOST:PORT]\n\nPuts three headless browsers on three media nodes and checks that each sees and hears the others.\nStarts a cluster of its own, or takes the one whose gateway is at --url and whose control service\n(gRPC) is at --control. Exit code 1 when something is not as it should be.\n\n  --json            print the figures as one JSON document, as the last line\n  --url URL         a gateway, such as http://localhost:8080\n  --control ADDR    control of that cluster; default 127.0.0.1:7000";
export interface SmokeArguments {
    readonly json: boolean;
    /** A cluster that runs already. */
    readonly target: {
        readonly url: string;
        readonly controlAddress: string;
    } | undefined;
}
export type Parsed = {
    readonly kind: 'run';
    readonly smoke: SmokeArguments;
} | {
    readonly kind: 'help';
} | {
    readonly kind: 'refused';
    readonly why: string;
};
export declare function parseSmokeArguments(args: readonly string[]): Parsed;
//# sourceMappingURL=arguments.d.ts.map