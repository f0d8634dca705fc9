import type { Role } from '@skein/client';
import type { Notices } from '../elements/notices.ts';
import { pageBase } from '../address/page-base.ts';
import { inviteAddress } from '../address/page-query.ts';

/** Copies the link into `room`, or shows it where the browser copies nothing. Who got it from a viewer watches too. */
export async function copyInvite(room: string, role: Role, notices: Notices): Promise<void> {
  const invite = inviteAddress(pageBase(), room, role);
  const those = role === 'viewer' ? 'those who should watch' : 'those who should join';
  try {
    await navigator.clipboard.writeText(invite);
    notices.show({ text: `Link copied: send it to ${those}.`, icon: 'check' });
  } catch {
    notices.show({ text: `Send this link to ${those}: ${invite}`, icon: 'link' });
  }
}
