import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Certificates for tests of TLS, by an authority of their own. Made by `openssl`, valid for a day. */
export class TestAuthority implements Disposable {
  readonly dir: string;
  readonly caFile: string;
  readonly #caKeyFile: string;

  private constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'skein-certificates-'));
    this.caFile = join(this.dir, 'ca.pem');
    this.#caKeyFile = join(this.dir, 'ca.key');
  }

  static async create(): Promise<TestAuthority> {
    const authority = new TestAuthority();
    await run('openssl', [
      ...['req', '-x509', ...NEW_KEY, '-days', '1', '-subj', '/CN=Skein test authority'],
      ...['-keyout', authority.#caKeyFile, '-out', authority.caFile],
    ]);
    return authority;
  }

  /** `names`: `DNS:localhost`, `IP:127.0.0.1`. */
  async issue(name: string, names: readonly string[]): Promise<CertificateFiles> {
    const file = (ending: string): string => join(this.dir, `${name}.${ending}`);
    const [certFile, keyFile, request, extensions] = [file('pem'), file('key'), file('csr'), file('ext')];
    writeFileSync(extensions, names.length === 0 ? '' : `subjectAltName=${names.join()}\n`);
    await run('openssl', ['req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', request]);
    await run('openssl', [
      ...['x509', '-req', '-in', request, '-days', '1', '-extfile', extensions],
      ...['-CA', this.caFile, '-CAkey', this.#caKeyFile, '-CAcreateserial', '-out', certFile],
    ]);
    return { certFile, keyFile };
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
