import type { MediaElement } from '@skein/client';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Notice } from '../elements/notices.ts';
import { BlockedPlayers } from './blocked-players.ts';

describe('BlockedPlayers', () => {
  let shown: { readonly notice: Notice; isConnected: boolean }[];
  let played: string[];
  let silent: BlockedPlayers;

  function block(name: string): void {
    silent.add({ attach: () => played.push(name) }, { id: name } as MediaElement);
  }

  /** What the notice's button does: it goes, then acts. */
  function press(at: number): void {
    const pressed = shown[at]!;
    pressed.isConnected = false;
    pressed.notice.action?.run();
  }

  beforeEach(() => {
    shown = [];
    played = [];
    const show = (notice: Notice): { isConnected: boolean } => {
      const one = { notice, isConnected: true };
      shown.push(one);
      return one;
    };
    silent = new BlockedPlayers({ show });
  });

  it('shows one notice for all players, and plays them on one click', () => {
    for (const name of ['ada', 'ben', 'cleo', 'dan']) block(name);
    expect(shown).toHaveLength(1);
    press(0);
    expect(played).toEqual(['ada', 'ben', 'cleo', 'dan']);
  });

  it('shows another notice for players that are blocked after it was closed', () => {
    block('ada');
    shown[0]!.isConnected = false;
    block('ben');
    expect(shown).toHaveLength(2);
    press(1);
    expect(played).toEqual(['ada', 'ben']);
  });
});
