import { PeerError } from '@skein/native-peer';

/** One kind of failure, and how often it came. */
export interface Failure {
  readonly code: string;
  readonly count: number;
  /** What the first one said. */
  readonly message: string;
}

const MOST_KINDS = 100;
const OUT_OF_FILES = /EMFILE|ENFILE|too many open files/i;
const OUT_OF_PORTS = /EADDRNOTAVAIL|EADDRINUSE|cannot assign requested address|address already in use/i;

/** Counts failures by their codes. Of more than 100 kinds the rest counts as `OTHER`. */
export class Failures {
  readonly #kinds = new Map<string, { count: number; message: string }>();

  add(thrown: unknown): Failure {
    const { code, message } = describeFailure(PeerError.from(thrown));
    const kind = this.#kinds.has(code) || this.#kinds.size < MOST_KINDS ? code : 'OTHER';
    const known = this.#kinds.get(kind) ?? { count: 0, message };
    known.count++;
    this.#kinds.set(kind, known);
    return { code: kind, ...known };
  }

  get total(): number {
    return this.all.reduce((sum, { count }) => sum + count, 0);
  }

  /** The most frequent first. */
  get all(): readonly Failure[] {
    return [...this.#kinds]
      .map(([code, { count, message }]) => ({ code, count, message }))
      .sort((one, other) => other.count - one.count);
  }
}

/** What a machine at its limits says, in words that tell what to do. */
function describeFailure({ code, message }: PeerError): { readonly code: string; readonly message: string } {
  const said = `${code} ${message}`;
  if (OUT_OF_FILES.test(said)) {
    return { code: 'OUT_OF_FILE_HANDLES', message: 'this machine is out of file handles: raise `ulimit -n`' };
  }
  if (OUT_OF_PORTS.test(said)) {
    return {
      code: 'OUT_OF_PORTS',
      message: 'this machine is out of ports: play fewer peers, or from more machines',
    };
  }
  return { code, message };
}
