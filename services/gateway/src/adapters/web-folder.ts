import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { contentTypeOf, hasContentHash, type WebFile, type WebFiles } from '../edges/web/web-files.ts';

/** Reads all files below `folder`, once. A missing folder gives no files. */
export async function readWebFolder(folder: string): Promise<WebFiles> {
  const files = new Map<string, WebFile>();
  for (const path of await filePaths(folder)) {
    const body = await readFile(path);
    const address = `/${relative(folder, path).split(sep).join('/')}`;
    files.set(address, {
      body,
      contentType: contentTypeOf(address),
      etag: etagOf(body),
      immutable: hasContentHash(address),
    });
  }
  return { find: (path) => files.get(path), page: pages(files.get('/index.html')), count: files.size };
}

const DEEPEST = 2;

function pages(index: WebFile | undefined): WebFiles['page'] {
  if (!index) return () => undefined;
  const text = Buffer.from(index.body).toString();
  const deeper = Array.from({ length: DEEPEST }, (_, above) => {
    const body = Buffer.from(text.replaceAll('="./', `="${'../'.repeat(above + 1)}`));
    return { ...index, body, etag: etagOf(body) };
  });
  const all = [index, ...deeper];
  return (depth) => all[depth];
}

function etagOf(body: Uint8Array): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}

async function filePaths(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
