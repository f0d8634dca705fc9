import type { Role } from '@skein/client';
import type { Notices } from '../elements/notices.ts';
import { pageBase } from '../address/page-base.ts';
import { inviteAddress } from '../address/page-query.ts';

/** Copies the link into `room`, or shows it where the clipboard is unavailable. The link of a viewer invites viewers. */
export async function copyInvite(room: string, role: Role, notices: Notices): Promise<void> {
  const invite = inviteAddress(pageBase(), room, role);
  const recipients = role === 'viewer' ? 'people who want to watch' : 'people who want to join';
  try {
    await navigator.clipboard.writeText(invite);
    notices.show({ text: `Link copied: send it to ${recipients}.`, icon: 'check' });
  } catch {
    notices.show({ text: `Send this link to ${recipients}: ${invite}`, icon: 'link' });
  }
}
