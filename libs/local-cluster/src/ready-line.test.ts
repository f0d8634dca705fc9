import { describe, expect, it } from 'vitest';
import { parseReadyLine } from './ready-line.ts';

describe('parseReadyLine', () => {
  it('reads the ready event of each service out of its log', () => {
    const gateway = '{"level":30,"event":"ready","service":"gateway","httpPort":8080,"msg":"ready"}';
    expect(parseReadyLine(gateway)).toEqual({ service: 'gateway', httpPort: 8080 });
    const node = '{"event":"ready","service":"media-node","nodeId":"node-1","grpcPort":7101}';
    expect(parseReadyLine(node)).toEqual({ service: 'media-node', nodeId: 'node-1', grpcPort: 7101 });
    const control = '{"event":"ready","service":"control","grpcPort":7000}';
    expect(parseReadyLine(control)).toEqual({ service: 'control', grpcPort: 7000 });
    const named = '{"event":"ready","service":"control","grpcPort":7000,"holderId":"ctl_1"}';
    expect(parseReadyLine(named)).toMatchObject({ holderId: 'ctl_1' });
  });

  it.each([
    ['another log line', '{"event":"joined","service":"gateway"}'],
    ['text', 'Server is ready'],
    ['half a line', '{"event":"ready","service":"gate'],
    ['a ready event without its port', '{"event":"ready","service":"gateway"}'],
    ['an unknown service', '{"event":"ready","service":"recorder","httpPort":1}'],
  ])('passes over %s', (_what, line) => {
    expect(parseReadyLine(line)).toBeUndefined();
  });
});
