export interface IvfFile {
  readonly fourcc: string;
  readonly frames: readonly Uint8Array[];
  readonly framesPerSecond: number;
}

const FILE_HEADER = 32;
const FRAME_HEADER = 12;

/** Reads an IVF file of constant frame rate. Throws on anything else. */
export function parseIvf(file: Buffer): IvfFile {
  if (file.length < FILE_HEADER || file.toString('latin1', 0, 4) !== 'DKIF')
    throw new Error('not an IVF file');
  const frames: Uint8Array[] = [];
  for (let at = file.readUInt16LE(6); at + FRAME_HEADER <= file.length;) {
    const end = at + FRAME_HEADER + file.readUInt32LE(at);
    if (end > file.length) throw new Error('the IVF file ends in the middle of a frame');
    frames.push(file.subarray(at + FRAME_HEADER, end));
    at = end;
  }
  return {
    fourcc: file.toString('latin1', 8, 12),
    frames,
    framesPerSecond: file.readUInt32LE(16) / file.readUInt32LE(20),
  };
}
