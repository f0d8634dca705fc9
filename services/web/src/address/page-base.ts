/** The folder of the page's files: the address of the gateway as this browser reaches it, with the path prefix of a proxy. */
export function pageBase(): URL {
  return new URL('./', import.meta.url);
}
