export interface WebFile {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** Quoted, as in the header. */
  readonly etag: string;
  /** Its name contains a hash of its content. */
  readonly immutable: boolean;
}

/** The built web page, in memory. */
export interface WebFiles {
  /** The file at a URL path such as `/index.html`. */
  find(path: string): WebFile | undefined;
  /**
   * The page for a URL `depth` folders below the root. The page names its files relative to itself (`./`), so that a proxy may
   * serve it behind a path prefix that the gateway does not know.
   */
  page(depth: number): WebFile | undefined;
  readonly count: number;
}

const contentTypes: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  map: 'application/json; charset=utf-8',
  webmanifest: 'application/manifest+json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
  png: 'image/png',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  wasm: 'application/wasm',
  mp3: 'audio/mpeg',
};

export function contentTypeOf(path: string): string {
  return contentTypes[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream';
}

/** Whether the name contains a bundler's content hash, as in `app-5HJ2K7QX.js`: eight capitals and digits, or hex. */
export function hasContentHash(path: string): boolean {
  return /[.-](?:[A-Z0-9]{8}|[a-f0-9]{8,64})\.\w+(?:\.map)?$/.test(path);
}
