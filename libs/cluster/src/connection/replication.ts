/** A server's part in replication (`INFO`, https://redis.io/docs/latest/commands/info/). */
export interface Replication {
  /** `unknown`: the server does not say. */
  readonly role: 'primary' | 'replica' | 'unknown';
  /** Identifies the history of the data. Changes with a restart, and when a replica becomes the primary. */
  readonly historyId: string | undefined;
  /** Identifies this start of the server. */
  readonly runId: string | undefined;
}

export function readReplication(info: string): Replication {
  const fields = new Map(
    info.split(/\r?\n/).map((line): [string, string] => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const role = fields.get('role');
  return {
    role: role === 'master' ? 'primary' : role === 'slave' ? 'replica' : 'unknown',
    historyId: fields.get('master_replid'),
    runId: fields.get('run_id'),
  };
}

/**
 * Why a server's refusal means that it is not the primary (any more), or not yet; `undefined` for any other error. A
 * script's refusal stands in the middle of its message before Redis 7.
 */
export function notPrimaryBecause(message: string): string | undefined {
  switch (/^(?:ERR .*-)?(READONLY|MASTERDOWN|LOADING)\b/.exec(message)?.[1]) {
    case 'READONLY':
      return 'the server is a replica now';
    case 'MASTERDOWN':
      return 'the server is a replica without its primary';
    case 'LOADING':
      return 'the server still loads its data';
    default:
      return undefined;
  }
}
