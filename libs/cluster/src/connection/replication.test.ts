import { describe, expect, it } from 'vitest';
import { notPrimaryBecause, readReplication } from './replication.ts';

describe('what a server says of replication', () => {
  it('is read from INFO', () => {
    const info = '# Server\r\nrun_id:aa\r\n# Replication\r\nrole:master\r\nmaster_replid:bb\r\n';
    expect(readReplication(info)).toEqual({ role: 'primary', historyId: 'bb', runId: 'aa' });
    expect(readReplication('role:slave\r\nmaster_replid:bb')).toMatchObject({ role: 'replica' });
    expect(readReplication('')).toEqual({ role: 'unknown', historyId: undefined, runId: undefined });
  });

  it.each([
    [
      "READONLY You can't write against a read only replica. script: 1f, on @user_script:12.",
      'a replica now',
    ],
    ["ERR Error running script (call to f_1f): @user_script:9: -READONLY You can't write", 'a replica now'],
    [
      "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
      'without its primary',
    ],
    ['LOADING Redis is loading the dataset in memory', 'loads'],
  ])('is a reason to leave it: %s', (message, why) => {
    expect(notPrimaryBecause(message)).toContain(why);
  });

  it.each([
    'ERR user_script:1: no READONLY here',
    'WRONGTYPE Operation',
    'NOREPLICAS Not enough good replicas',
  ])('is none: %s', (message) => expect(notPrimaryBecause(message)).toBeUndefined());
});
