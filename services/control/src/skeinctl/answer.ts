import type { ControlServiceClient, RoomSummary } from '@skein/rpc';
import type { Question } from './command-line.ts';
import { formatDrain, formatNodes, formatRebalance, formatRoom, formatRooms } from './views.ts';

const DEADLINE = { deadlineMs: 5_000 };

/** Asks control; the text to print, without a last newline. Fails with control's `SkeinError`. */
export async function answer(
  client: ControlServiceClient,
  question: Question,
  json: boolean,
): Promise<string> {
  switch (question.about) {
    case 'nodes': {
      const document = await client.listNodes({}, DEADLINE);
      return json ? JSON.stringify(document, undefined, 2) : formatNodes(document.nodes);
    }
    case 'rooms': {
      const rooms = await allRooms(client);
      return json ? JSON.stringify({ rooms }, undefined, 2) : formatRooms(rooms);
    }
    case 'room': {
      const room = await client.getRoom({ room: question.room }, DEADLINE);
      return json ? JSON.stringify(room, undefined, 2) : formatRoom(room);
    }
    case 'drain': {
      const { nodeId, deadlineMs } = question;
      const drain = await client.drainNode({ nodeId, deadlineMs }, DEADLINE);
      return json ? JSON.stringify(drain, undefined, 2) : formatDrain(nodeId, drain);
    }
    case 'rebalance': {
      const moves = await client.rebalance({}, DEADLINE);
      return json ? JSON.stringify(moves, undefined, 2) : formatRebalance(moves.nodes);
    }
  }
}

async function allRooms(client: ControlServiceClient): Promise<RoomSummary[]> {
  const rooms: RoomSummary[] = [];
  let pageToken = '';
  do {
    const page = await client.listRooms({ pageSize: 0, pageToken }, DEADLINE);
    rooms.push(...page.rooms);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return rooms;
}
