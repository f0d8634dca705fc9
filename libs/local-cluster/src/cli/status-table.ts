import type { ClusterProcess } from '../adapters/cluster.ts';
import type { ProcessStatus } from '../adapters/supervised.ts';
import { describeExit } from '../launch-error.ts';

/** The processes of a cluster as lines of text, in columns. */
export function statusTable(processes: readonly ClusterProcess[]): string {
  const rows = processes.map(({ name, status, address }) => [
    name,
    describeStatus(status),
    pidOf(status),
    address,
  ]);
  const table = [['process', 'state', 'pid', 'address'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n');
}

function describeStatus(status: ProcessStatus): string {
  return status.status === 'exited' ? describeExit(status.exit) : status.status;
}

function pidOf(status: ProcessStatus): string {
  return status.status === 'starting' || status.status === 'ready' ? String(status.pid) : '-';
}
