import { describe, expect, it } from 'vitest';
import { inviteAddress, readPageQuery } from './page-query.ts';

const read = (address: string): ReturnType<typeof readPageQuery> =>
  readPageQuery(new URL(address, 'https://meet.test'));

describe('the address of the page', () => {
  it('has room, name, node and picture size', () => {
    expect(read('/?room=standup&name=Ada&identity=ada-1&node=n2&autojoin=1&width=640&height=360')).toEqual({
      room: 'standup',
      name: 'Ada',
      identity: 'ada-1',
      nodeId: 'n2',
      role: 'participant',
      autojoin: true,
      width: 640,
      height: 360,
    });
  });

  it('has defaults for everything', () => {
    expect(read('/')).toEqual({
      room: '',
      name: '',
      identity: undefined,
      nodeId: undefined,
      role: 'participant',
      autojoin: false,
      width: 1280,
      height: 720,
    });
  });

  it('can have the room in its path', () => {
    expect(read('/room/team%20sync').room).toBe('team sync');
    expect(read('/room/%E0%A4').room).toBe('');
  });

  it.each(['0', '-5', '99999', 'wide', '12.5'])('falls back from a width of %s', (width) => {
    expect(read(`/?width=${width}`).width).toBe(1280);
  });

  it('can select the role of a viewer', () => {
    expect(read('/?role=viewer').role).toBe('viewer');
    expect(read('/?role=boss').role).toBe('participant');
  });

  it('becomes an invitation without the identity of its sender', () => {
    const mine = new URL('https://meet.test/?room=old&name=Ada&identity=ada&node=n1');
    expect(inviteAddress(mine, 'a & b', 'participant')).toBe('https://meet.test/?room=a+%26+b');
  });

  it('keeps the path prefix of a proxy', () => {
    expect(read('/meet/room/team%20sync').room).toBe('team sync');
    expect(read('/meet/room/daily/').room).toBe('daily');
    expect(inviteAddress(new URL('https://corp.test/meet/'), 'a', 'participant')).toBe(
      'https://corp.test/meet/?room=a',
    );
  });

  it('becomes an invitation for viewers when a viewer copies it', () => {
    const mine = new URL('https://meet.test/?room=talk&role=viewer&name=Vic');
    const invite = inviteAddress(mine, 'talk', 'viewer');
    expect(read(invite)).toMatchObject({ room: 'talk', role: 'viewer', name: '' });
  });
});
