/** Serves the page that people of the fault bench use, bundled from the SDK's sources, on localhost. */
export declare class PageServer implements AsyncDisposable {
    #private;
    private constructor();
    static start(): Promise<PageServer>;
    get url(): string;
    [Symbol.asyncDispose](): Promise<void>;
}
//# sourceMappingURL=page-server.d.ts.map