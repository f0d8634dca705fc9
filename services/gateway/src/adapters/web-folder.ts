import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { contentTypeOf, hasContentHash } from '../http/web-files.ts';
import type { WebFile, WebFiles } from '../http/web-files.ts';

/** Reads all files below `folder`, once. A folder that is not there gives no files. */
export async function readWebFolder(folder: string): Promise<WebFiles> {
  const files = new Map<string, WebFile>();
  for (const path of await filePaths(folder)) {
    const body = await readFile(path);
    const address = `/${relative(folder, path).split(sep).join('/')}`;
    files.set(address, {
      body,
      contentType: contentTypeOf(address),
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
      immutable: hasContentHash(address),
    });
  }
  return { find: (path) => files.get(path), count: files.size };
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
