import { describe, expect, it } from 'vitest';
import { closeCodes, errorCodes, errorStatus, grpcStatus } from './index.ts';

describe('the status of an error', () => {
  it('is there for each code, in the order of the codes', () => {
    expect(Object.keys(errorStatus)).toEqual([...errorCodes]);
  });

  it.each(errorCodes)('%s is a failure on every wire', (code) => {
    const { grpc, http, webSocket } = errorStatus[code];
    expect(grpcStatus[grpc]).toBeGreaterThan(0);
    expect(http).toBeGreaterThanOrEqual(400);
    expect(http).toBeLessThan(600);
    expect(['none', ...Object.values(closeCodes)]).toContain(webSocket);
    expect(webSocket).not.toBe(closeCodes.normal);
  });

  it('asks for a new socket wherever a close code of ours ends the connection', () => {
    const ending = Object.values(errorStatus).filter(({ webSocket }) => Number(webSocket) >= 4000);
    expect(ending.map(({ retry }) => retry)).toEqual(['newSocket', 'newSocket']);
  });
});
