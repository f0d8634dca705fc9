/** The folder that the page's files are in, which is the gateway's address as this browser reaches it, with a proxy's path prefix. */
export function pageBase(): URL {
  return new URL('./', import.meta.url);
}
