/** Sockets from one address: well below the some 28 000 ports that Linux gives out for one. */
const PER_ADDRESS = 4000;
/** What a process has open beside its clients: stores, logs, libraries. */
const OTHER_FILES = 200;

/** From where socket number `index` connects: 127.0.0.2 and up, as one address has not enough ports for many. */
export function sourceAddress(index: number): string {
  return `127.0.0.${2 + Math.floor(index / PER_ADDRESS)}`;
}

/** Why this many connections are impossible, and the remedy; `undefined` when they are possible. Each costs this process and the server a file. */
export function whyTooMany(connections: number, fileLimit: number | undefined): string | undefined {
  const needed = connections + OTHER_FILES;
  if (fileLimit === undefined || fileLimit >= needed) return undefined;
  return `${connections} connections need ${needed} open files, and the limit is ${fileLimit}: raise it with \`ulimit -n ${needed}\``;
}
