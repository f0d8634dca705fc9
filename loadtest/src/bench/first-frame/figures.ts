import { spreadOf, type Spread } from '../../measure/statistics.ts';
import type { FirstView } from './first-views.ts';
import { places, type Place } from './newcomers.ts';

/** What one newcomer saw, and from where. */
export interface Seen {
  readonly place: Place;
  readonly view: FirstView;
}

type Times = Pick<Spread, 'p50' | 'p95' | 'max'>;

/** `firstFrameMs` is of those on other nodes than the publisher's; each place's own times stand below. */
export function figuresOf(seen: readonly Seen[]) {
  const away = seen.filter(({ place }) => place !== 'sameNode');
  return {
    joins: seen.length,
    firstFrameMs: timesOf(away, 'frameMs'),
    cases: places.map((place) => {
      const here = seen.filter((one) => one.place === place);
      return {
        place,
        joins: here.length,
        answerMs: timesOf(here, 'answeredMs'),
        connectedMs: timesOf(here, 'connectedMs'),
        firstPacketMs: timesOf(here, 'packetMs'),
        firstFrameMs: timesOf(here, 'frameMs'),
      };
    }),
  };
}

function timesOf(seen: readonly Seen[], step: keyof FirstView): Times {
  const { p50, p95, max } = spreadOf(seen.map(({ view }) => view[step]));
  return { p50, p95, max };
}
