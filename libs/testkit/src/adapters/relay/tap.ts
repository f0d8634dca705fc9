import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { eventually } from '../../eventually.ts';

// Both ends of a pair of sockets have the same port, which the OS chose for ours, and addresses of the loopback device.
const OURS = '127.0.0.1';
const SOCATS = '127.0.0.2';
// An Ethernet frame of the usual MTU of 1500, with room to spare.
const FRAME_BYTES = 2_048;
// What may wait for a process that has no core for a moment: some hundred frames. The OS may give less.
const SOCKET_BYTES = 1 << 20;
const OPEN_DEADLINE_MS = 5_000;

/**
 * A TAP device: what the machine sends out of it comes here, frame by frame, and what is sent here comes into the
 * machine. Node cannot open one, so socat does, and hands each frame over as one datagram. The device goes with socat, and
 * socat with this process, however that ends. It has no offloads: the kernel hands out whole checksums and single segments.
 */
export class Tap {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Makes the device. `onEnd`: it has gone, and why. */
  static async open(
    name: string,
    { onFrame, onEnd }: { onFrame: (frame: Buffer) => void; onEnd: (why: string) => void },
  ): Promise<Tap> {
    const socket = createSocket('udp4', onFrame);
    // Nobody reads the other end any more: its exit says so too.
    socket.on('error', () => undefined);
    socket.bind(0, OURS);
    await once(socket, 'listening');
    const { port } = socket.address();
    socket.connect(port, SOCATS);
    await once(socket, 'connect');
    socket.setRecvBufferSize(SOCKET_BYTES);
    const device = `TUN,tun-type=tap,tun-name=${name},iff-no-pi,iff-up`;
    const datagrams = `UDP4:${OURS}:${port},bind=${SOCATS}:${port},rcvbuf=${SOCKET_BYTES}`;
    const socat = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', '--', 'socat', '-b', String(FRAME_BYTES), device, datagrams],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    socat.once('error', ({ message }) => onEnd(message));
    socat.once('exit', (code, signal) => onEnd(`socat of ${name} ended: ${signal ?? code}`));
    await eventually(`the device ${name}`, () => existsSync(`/sys/class/net/${name}`), {
      deadlineMs: OPEN_DEADLINE_MS,
      everyMs: 5,
    });
    return new Tap(socket);
  }

  /** As a wire: whether it arrives, nobody says. */
  send(frame: Buffer): void {
    this.#socket.send(frame, () => undefined);
  }
}
