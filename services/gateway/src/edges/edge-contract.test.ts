import { describe } from 'vitest';
import { connectInProcess, connectWebSocket } from '../testing/edge-clients.ts';
import { edgeContract } from '../testing/edge-contract.ts';

describe('the WebSocket edge', () => {
  edgeContract(connectWebSocket);
});

describe('an edge in this process', () => {
  edgeContract(connectInProcess);
});
