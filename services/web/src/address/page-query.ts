import type { Role } from '@skein/client';

/** The options in the address of the page. */
export interface PageQuery {
  readonly room: string;
  readonly name: string;
  readonly identity: string | undefined;
  /** For tests and demos: the first media node. */
  readonly nodeId: string | undefined;
  /** A viewer watches and publishes nothing. */
  readonly role: Role;
  /** For tests and demos: skip the lobby. */
  readonly autojoin: boolean;
  /** Picture of the camera in pixels. Default 1280 x 720. */
  readonly width: number;
  readonly height: number;
}

const DEFAULT_WIDTH = 1280;
const DEFAULT_HEIGHT = 720;
const LARGEST_SIDE = 3840;

/** Reads `?room=&name=&identity=&role=viewer&node=&autojoin=1&width=&height=`, or the room from `/room/NAME`. */
export function readPageQuery(address: URL): PageQuery {
  const { searchParams: query, pathname } = address;
  return {
    room: query.get('room') ?? decodeRoom(/\/room\/([^/]+)\/?$/.exec(pathname)?.[1]),
    name: query.get('name') ?? '',
    identity: query.get('identity') || undefined,
    nodeId: query.get('node') || undefined,
    role: query.get('role') === 'viewer' ? 'viewer' : 'participant',
    autojoin: query.get('autojoin') === '1',
    width: side(query.get('width'), DEFAULT_WIDTH),
    height: side(query.get('height'), DEFAULT_HEIGHT),
  };
}

/**
 * The address that invites into `room` with `role`. It does not identify its sender. `base`: the folder of the page, with the path
 * prefix of a proxy.
 */
export function inviteAddress(base: URL, room: string, role: Role): string {
  const invite = new URL('./', base);
  invite.search = '';
  invite.hash = '';
  invite.searchParams.set('room', room);
  if (role === 'viewer') invite.searchParams.set('role', role);
  return invite.href;
}

function decodeRoom(encoded: string | undefined): string {
  try {
    return decodeURIComponent(encoded ?? '');
  } catch {
    return '';
  }
}

function side(text: string | null, fallback: number): number {
  const pixels = Number(text);
  return Number.isInteger(pixels) && pixels >= 16 && pixels <= LARGEST_SIDE ? pixels : fallback;
}
