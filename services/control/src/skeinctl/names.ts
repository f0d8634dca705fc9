import type { ControlServiceClient } from '@skein/rpc';
import type { ReadNames } from './completion.ts';

/** Somebody has pressed the Tab key and waits. */
const DEADLINE = { deadlineMs: 700 };
const MAX_ROOMS = 200;

/** Names of nodes and of the first rooms, for completion; none when control does not answer soon. */
export function namesFrom(control: Pick<ControlServiceClient, 'listNodes' | 'listRooms'>): ReadNames {
  return async (source) => {
    try {
      if (source === 'nodes') {
        const { nodes } = await control.listNodes({}, DEADLINE);
        return nodes.map(({ nodeId }) => nodeId);
      }
      const { rooms } = await control.listRooms({ pageSize: MAX_ROOMS, pageToken: '' }, DEADLINE);
      return rooms.map(({ room }) => room);
    } catch {
      return [];
    }
  };
}
