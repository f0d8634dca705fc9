import { connect, type MediaElement, type RemoteTrack } from '../index.ts';

const room = await connect({ url: 'http://127.0.0.1:8080', room: 'standup', name: 'Ada' });

const players = new Map<string, MediaElement>();
const show = (track: RemoteTrack): void => {
  const player = document.createElement(track.kind); // an <audio> or a <video>
  players.set(track.id, player);
  document.body.append(player);
  track.attach(player); // plays as soon as media arrives, and through migrations
};
for (const { tracks } of room.participants.values()) tracks.forEach(show);
room.on('trackPublished', ({ track }) => show(track));
room.on('trackUnpublished', ({ track }) => {
  track.detach();
  players.get(track.id)?.remove();
  players.delete(track.id);
});

const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
for (const track of stream.getTracks())
  await room.publish(track, { source: track.kind === 'audio' ? 'microphone' : 'camera' });

addEventListener('pagehide', () => void room.leave());
