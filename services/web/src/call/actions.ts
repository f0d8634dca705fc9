import type { Role } from '@skein/client';

/** The actions of a call. Each has a button, most have a key. */
export type Action = 'mute' | 'camera' | 'screen' | 'settings' | 'details' | 'link' | 'leave';

/** Keys of the actions, without Ctrl, Alt or Meta. */
export const SHORTCUTS: Readonly<Partial<Record<Action, string>>> = {
  mute: 'm',
  camera: 'v',
  screen: 's',
  details: 'd',
  link: 'c',
};

const ORDER: readonly Action[] = ['mute', 'camera', 'screen', 'link', 'settings', 'details', 'leave'];
const SENDING: readonly Action[] = ['mute', 'camera', 'screen'];

/** The offered actions, in the order of their buttons. Viewers send nothing; most phones cannot share a screen. */
export function actionsFor(role: Role, sharesScreens: boolean): readonly Action[] {
  return ORDER.filter((action) => {
    if (role === 'viewer' && SENDING.includes(action)) return false;
    return action !== 'screen' || sharesScreens;
  });
}

/** The action of a key, if it is `offered`. */
export function actionOf(key: string, offered: readonly Action[]): Action | undefined {
  return offered.find((action) => SHORTCUTS[action] === key.toLowerCase());
}
