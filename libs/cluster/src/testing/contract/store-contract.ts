import { claimsContract } from './claims.ts';
import { damageContract } from './damage.ts';
import { leaderContract } from './leader.ts';
import { modelContract } from './model.ts';
import { movesContract } from './moves.ts';
import { nodesContract } from './nodes.ts';
import { roomsContract } from './rooms.ts';
import type { UseStore } from './store-under-test.ts';
import { viewersContract } from './viewers.ts';

/** What every store does, in Redis or in memory. Call it in a `describe`. */
export function storeContract(use: UseStore): void {
  roomsContract(use);
  movesContract(use);
  claimsContract(use);
  viewersContract(use);
  damageContract(use);
  nodesContract(use);
  leaderContract(use);
  modelContract(use);
}
