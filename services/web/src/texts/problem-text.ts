import type { DeviceKind, DeviceProblem } from '../adapters/capture.ts';
import type { CloseReason, SkeinClientError } from '@skein/client';

/** What happened, and what the user can do. */
export interface ProblemText {
  readonly title: string;
  readonly advice: string;
}

/** Explains why joining failed. */
export function joinProblem(error: Pick<SkeinClientError, 'code' | 'message'>): ProblemText {
  switch (error.code) {
    case 'ROOM_FULL':
      return { title: 'This room is full.', advice: 'Ask someone in it to make room, or use another room.' };
    case 'NODE_NOT_FOUND':
      return {
        title: 'The selected media node is not available.',
        advice: 'Try again to join on another one.',
      };
    case 'NO_NODE_AVAILABLE':
      return { title: 'All servers are busy.', advice: 'Try again in a moment.' };
    case 'GATEWAY_UNREACHABLE':
    case 'CONNECTION_LOST':
      return { title: 'The service can’t be reached.', advice: 'Check your network, then try again.' };
    case 'DEADLINE_EXCEEDED':
    case 'UNAVAILABLE':
    case 'TOO_MANY_REQUESTS':
      return { title: 'The service is not answering.', advice: 'Try again in a moment.' };
    case 'UNSUPPORTED_PROTOCOL':
      return { title: 'This page is out of date.', advice: 'Reload it, then join again.' };
    case 'BROWSER_UNSUPPORTED':
      return {
        title: 'This browser can’t hold a video call.',
        advice: 'Use Chrome or Edge 111, Firefox 120, Safari 16.4, or a newer one.',
      };
    case 'MEDIA_FAILED':
      return {
        title: 'This browser could not set up audio and video.',
        advice:
          'Close other tabs with calls and try again. If that does not help, contact the operator of this service.',
      };
    case 'INVALID_ARGUMENT':
      return { title: 'Something in the form is not allowed.', advice: sentence(error.message) };
    default:
      return { title: 'Joining failed.', advice: `${sentence(error.message)} Try again.` };
  }
}

/** Explains why the call ended. */
export function endText(reason: CloseReason): ProblemText {
  switch (reason) {
    case 'left':
      return { title: 'You left the call.', advice: 'You can come back whenever you like.' };
    case 'superseded':
      return {
        title: 'You joined from somewhere else.',
        advice: 'The call continues there. Join here to bring it back to this tab.',
      };
    case 'removed':
      return {
        title: 'You were removed from the call.',
        advice: 'Ask the organizer if you think this was a mistake.',
      };
    case 'connection-lost':
      return {
        title: 'The connection was lost.',
        advice: 'Check your network. This page joins again automatically.',
      };
    case 'media-failed':
      return {
        title: 'This browser could not set up audio and video again.',
        advice: 'Close other tabs with calls, then join again.',
      };
    case 'media-timeout':
      return {
        title: 'Audio and video stopped arriving.',
        advice: 'Check your network. This page joins again automatically.',
      };
    case 'worker-died':
    case 'node-stopped':
      return {
        title: 'Your server has stopped.',
        advice: 'This page joins again on another one.',
      };
  }
}

/** Whether the page joins again automatically: after every end that nobody intended. */
export function rejoinsAutomatically(reason: CloseReason): boolean {
  switch (reason) {
    case 'left':
    case 'superseded':
    case 'removed':
    // The browser would refuse again.
    case 'media-failed':
      return false;
    case 'connection-lost':
    case 'media-timeout':
    case 'worker-died':
    case 'node-stopped':
      return true;
  }
}

/** Explains the problem of one device, or of several with the same problem. */
export function deviceText(kinds: readonly DeviceKind[], problem: DeviceProblem): ProblemText {
  const names = `The ${kinds.join(' and ')}`;
  const [are, them, they] = kinds.length > 1 ? ['are', 'them', 'them'] : ['is', 'it', 'one'];
  const without = kinds.includes('screen') ? '' : ` You can join without ${them}.`;
  switch (problem) {
    case 'denied':
      return {
        title: `${names} ${are} blocked.`,
        advice: `Allow ${them} next to the page’s address.${without}`,
      };
    case 'missing':
      return { title: `No ${kinds.join(' and no ')} was found.`, advice: `Plug ${they} in.${without}` };
    case 'busy':
      return {
        title: `${names} ${are} in use by another program.`,
        advice: `Close that program and try again.${without}`,
      };
    case 'insecure':
      return {
        title: `${names} can’t be used from this address.`,
        advice: `Open the page over https.${without}`,
      };
    case 'failed':
      return { title: `${names} could not be started.`, advice: `Try another device.${without}` };
  }
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
