import { formatTable, type Column } from '@skein/runtime';
import type { ClusterProcess } from '../adapters/cluster.ts';
import type { ProcessStatus } from '../adapters/supervised.ts';
import { describeExit } from '../launch-error.ts';

const COLUMNS: readonly Column<ClusterProcess>[] = [
  { title: 'process', value: ({ name }) => name },
  { title: 'state', value: ({ status }) => describeStatus(status) },
  { title: 'pid', value: ({ status }) => pidOf(status) },
  { title: 'address', value: ({ address }) => address },
];

/** The processes of a cluster as lines of text, in columns. */
export function statusTable(processes: readonly ClusterProcess[]): string {
  return formatTable(COLUMNS, processes);
}

function describeStatus(status: ProcessStatus): string {
  return status.status === 'exited' ? describeExit(status.exit) : status.status;
}

function pidOf(status: ProcessStatus): string {
  return status.status === 'starting' || status.status === 'ready' ? String(status.pid) : '-';
}
