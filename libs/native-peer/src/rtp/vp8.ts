/** The payload descriptor that every packet gets: X, I (15 bits), L, T; RFC 7741 §4.2. */
export const VP8_DESCRIPTOR_BYTES = 6;
/** With header, extensions and SRTP's tag, a packet stays below 1200 bytes. */
const MAX_FRAGMENT_BYTES = 1120;

const EXTENDED = 0x80;
const START_OF_PARTITION = 0x10;
const HAS_PICTURE_ID = 0x80;
const HAS_TL0_INDEX = 0x40;
const HAS_TEMPORAL_ID = 0x20;
const LONG_PICTURE_ID = 0x80;

/** Cuts a frame into payloads of about equal size, each with a descriptor whose counters are still 0. */
export function packetizeVp8(frame: Uint8Array): Uint8Array[] {
  const count = Math.max(1, Math.ceil(frame.length / MAX_FRAGMENT_BYTES));
  return Array.from({ length: count }, (_, index) => {
    const fragment = frame.subarray(
      Math.floor((index * frame.length) / count),
      Math.floor(((index + 1) * frame.length) / count),
    );
    const payload = new Uint8Array(VP8_DESCRIPTOR_BYTES + fragment.length);
    payload[0] = EXTENDED | (index === 0 ? START_OF_PARTITION : 0);
    payload[1] = HAS_PICTURE_ID | HAS_TL0_INDEX | HAS_TEMPORAL_ID;
    payload[2] = LONG_PICTURE_ID;
    payload.set(fragment, VP8_DESCRIPTOR_BYTES);
    return payload;
  });
}

/** Writes a frame's counters into the descriptor of one of its payloads, at `offset` of a packet. */
export function writeVp8Counters(packet: Buffer, offset: number, pictureId: number, tl0Index: number): void {
  packet[offset + 2] = LONG_PICTURE_ID | ((pictureId >> 8) & 0x7f);
  packet[offset + 3] = pictureId & 0xff;
  packet[offset + 4] = tl0Index & 0xff;
}

/** RFC 6386 §9.1: the lowest bit of a frame's first byte is 0 in key frames. */
export function isVp8KeyFrame(frame: Uint8Array): boolean {
  return frame.length > 0 && ((frame[0] ?? 1) & 1) === 0;
}

/** What a payload starts: nothing (it continues a frame), a frame, or a key frame. */
export function vp8Start(packet: Uint8Array, offset: number): 'none' | 'frame' | 'key-frame' {
  const first = packet[offset] ?? 0;
  const startsFrame = (first & START_OF_PARTITION) !== 0 && (first & 0x07) === 0;
  if (!startsFrame) return 'none';
  const at = offset + descriptorLength(packet, offset);
  return ((packet[at] ?? 1) & 1) === 0 ? 'key-frame' : 'frame';
}

function descriptorLength(packet: Uint8Array, offset: number): number {
  if (((packet[offset] ?? 0) & EXTENDED) === 0) return 1;
  const extension = packet[offset + 1] ?? 0;
  let length = 2;
  if (extension & HAS_PICTURE_ID) length += (packet[offset + 2] ?? 0) & LONG_PICTURE_ID ? 2 : 1;
  if (extension & HAS_TL0_INDEX) length += 1;
  if (extension & (HAS_TEMPORAL_ID | 0x10)) length += 1;
  return length;
}
