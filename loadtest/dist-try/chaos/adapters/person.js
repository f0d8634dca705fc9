const JOIN_DEADLINE_MS = 20_000;
// A page that does not answer for this long hangs; its renderer has a core to itself most of the time.
const ANSWER_DEADLINE_MS = 3_000;
/** A person of the fault bench: a page of its own in a real browser. */
export class Person {
    identity;
    /** Errors that the page threw. */
    problems = [];
    #page;
    constructor(identity, page) {
        this.identity = identity;
        this.#page = page;
        page.on('pageerror', (error) => this.problems.push(String(error)));
    }
    static async join(browser, pageUrl, options) {
        const context = await browser.newContext({ viewport: { width: 200, height: 100 } });
        const page = await context.newPage();
        page.setDefaultTimeout(ANSWER_DEADLINE_MS);
        const person = new Person(options.identity, page);
        await page.goto(pageUrl, { timeout: JOIN_DEADLINE_MS });
        await page.waitForFunction(() => window.chaosPerson !== undefined, undefined, {
            timeout: JOIN_DEADLINE_MS,
        });
        await page.evaluate((given) => window.chaosPerson.join(given), options);
        return person;
    }
    view() {
        return this.#page.evaluate(() => window.chaosPerson.view());
    }
    gaps(fromMs, toMs) {
        return this.#page.evaluate(([from, to]) => window.chaosPerson.gaps(from, to), [fromMs, toMs]);
    }
    async setMuted(muted) {
        await this.#page.evaluate((value) => window.chaosPerson.setMuted(value), muted);
    }
    async [Symbol.asyncDispose]() {
        await this.#page.context().close();
    }
}
//# sourceMappingURL=person.js.map