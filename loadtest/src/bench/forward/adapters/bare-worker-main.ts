import { createServer, type Socket } from 'node:net';
import { mediaCodecs } from '@skein/protocol';
import { createWorker, type types } from 'mediasoup';
import { BareRoom } from './bare-room.ts';

// The baseline: one mediasoup worker with one router and nothing of ours beside it, for peers that speak the client
// protocol over TCP with a message per line. Says `{"barePort", "workerPid"}` when it serves; ends with its parent.

/** As much as a media node's sockets have: with less it loses packets. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

const worker = await createWorker({ logLevel: 'error' });
const codecs = mediaCodecs.map((codec) => ({
  ...codec,
  ...(codec.parameters && { parameters: { ...codec.parameters } }),
}));
const router = await worker.createRouter({ mediaCodecs: codecs as types.RouterRtpCodecCapability[] });
const webRtcServer = await worker.createWebRtcServer({
  listenInfos: (['udp', 'tcp'] as const).map((protocol) => ({
    ...{ protocol, ip: '127.0.0.1' },
    ...(protocol === 'udp' && { recvBufferSize: RECEIVE_BUFFER_BYTES }),
  })),
});
const room = new BareRoom(router, webRtcServer);
const server = createServer({ noDelay: true }, (socket) => serve(socket));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const barePort = typeof address === 'object' && address ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ barePort, workerPid: worker.pid })}\n`);
});

function serve(socket: Socket): void {
  const visit = room.visit((message) => socket.write(`${JSON.stringify(message)}\n`));
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) visit.receive(line);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => visit.close());
}
