/** Longest line that is kept; the rest of a longer one is cut off. */
const MAX_LINE_LENGTH = 16_384;

/** Cuts a stream into lines. What has no end of line yet is held back, up to 16 Ki characters. */
export class LineSplitter {
  #rest = '';

  push(text: string): string[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE_LENGTH);
    return lines.map((line) => line.slice(0, MAX_LINE_LENGTH));
  }

  /** The unfinished last line, at the end of the stream. */
  flush(): string[] {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? [] : [rest];
  }
}

/** The last `maxLines` lines of a stream; older ones are dropped. */
export class LineTail {
  readonly #maxLines: number;
  readonly #lines: string[] = [];

  constructor(maxLines: number) {
    this.#maxLines = maxLines;
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > this.#maxLines) this.#lines.shift();
  }

  lines(count = this.#maxLines): string[] {
    return this.#lines.slice(-count);
  }
}
