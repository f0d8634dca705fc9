const PAGE_HEADER = 27;

/** The packets of an Ogg file with one stream (RFC 3533), without the two headers of Opus (RFC 7845 §3). */
export function parseOggOpus(file: Buffer): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let pieces: Uint8Array[] = [];
  for (let at = 0; at < file.length;) {
    if (file.toString('latin1', at, at + 4) !== 'OggS') throw new Error('not an Ogg file');
    const segments = file.readUInt8(at + 26);
    const lacing = file.subarray(at + PAGE_HEADER, at + PAGE_HEADER + segments);
    at += PAGE_HEADER + segments;
    for (const length of lacing) {
      pieces.push(file.subarray(at, at + length));
      at += length;
      // 255: the packet continues in the next segment.
      if (length === 255) continue;
      packets.push(Buffer.concat(pieces));
      pieces = [];
    }
  }
  if (packets[0] === undefined || !Buffer.from(packets[0]).toString('latin1').startsWith('OpusHead'))
    throw new Error('not an Opus stream');
  return packets.slice(2);
}
