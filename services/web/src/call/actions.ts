import type { Role } from '@skein/client';

/** What can be done in a call, by a button and mostly by a key too. */
export type Action = 'mute' | 'camera' | 'screen' | 'settings' | 'details' | 'link' | 'leave';

/** The key that does the same, without Ctrl, Alt or Meta. */
export const SHORTCUTS: Readonly<Partial<Record<Action, string>>> = {
  mute: 'm',
  camera: 'v',
  screen: 's',
  details: 'd',
  link: 'c',
};

const ORDER: readonly Action[] = ['mute', 'camera', 'screen', 'link', 'settings', 'details', 'leave'];
const SENDING: readonly Action[] = ['mute', 'camera', 'screen'];

/** What the page offers, in the order of its buttons. A viewer sends nothing; few phones can share a screen. */
export function actionsFor(role: Role, sharesScreens: boolean): readonly Action[] {
  return ORDER.filter((action) => {
    if (role === 'viewer' && SENDING.includes(action)) return false;
    return action !== 'screen' || sharesScreens;
  });
}

/** What a key stands for, if that is `offered`. */
export function actionOf(key: string, offered: readonly Action[]): Action | undefined {
  return offered.find((action) => SHORTCUTS[action] === key.toLowerCase());
}
