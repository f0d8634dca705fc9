import { parseInput, roomName, SkeinError } from '@skein/protocol';

/** The token of the page that comes after the room `name`. */
export function pageTokenAfter(name: string): string {
  return Buffer.from(name).toString('base64url');
}

/** The room name that a page token stands for; the empty token stands for the start. Fails with `INVALID_ARGUMENT`. */
export function roomBeforePage(token: string): string | undefined {
  if (token === '') return undefined;
  const name = Buffer.from(token, 'base64url').toString();
  if (pageTokenAfter(name) !== token) {
    throw SkeinError.invalidArgument('request.pageToken', 'must be the nextPageToken of an earlier answer');
  }
  return parseInput(roomName, name, 'request.pageToken');
}
