// Drawn for Skein on a 24 x 24 grid, with strokes of width 1.8 in the current text color.
const SHAPES = {
  microphone: [
    'M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3z',
    'M5.5 11.5a6.5 6.5 0 0 0 13 0',
    'M12 18v3',
  ],
  'microphone-off': [
    'M9 9.5v2a3 3 0 0 0 4.6 2.5',
    'M15 11V6.500a3 3 0 0 0-5.7-1.3',
    'M5.5 11.5a6.5 6.5 0 0 0 10.2 5.300M18.3 13.200c.1-.5.2-1.1.2-1.7',
    'M12 18v3',
    'M4 4l16 16',
  ],
  camera: [
    'M4.5 7h8.500a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H4.500a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2z',
    'M15 11l6-3.500v9L15 13',
  ],
  'camera-off': [
    'M7 7H4.500a2 2 0 0 0-2 2v6a2 2 0 0 0 2 2h8.500a2 2 0 0 0 1.7-1',
    'M10.5 7H13a2 2 0 0 1 2 2v2l6-3.500v9l-2.5-1.4',
    'M4 4l16 16',
  ],
  screen: [
    'M4.5 5h15a1.5 1.5 0 0 1 1.5 1.500v9a1.5 1.5 0 0 1-1.5 1.500h-15A1.5 1.5 0 0 1 3 15.500v-9A1.5 1.5 0 0 1 4.5 5z',
    'M8.5 20.500h7',
    'M12 14V8.500M9.5 10.700L12 8.200l2.5 2.5',
  ],
  'screen-off': [
    'M4.5 5h15a1.5 1.5 0 0 1 1.5 1.500v9a1.5 1.5 0 0 1-1.5 1.500h-15A1.5 1.5 0 0 1 3 15.500v-9A1.5 1.5 0 0 1 4.5 5z',
    'M8.5 20.500h7',
    'M9.8 8.800l4.4 4.400M14.2 8.800l-4.4 4.4',
  ],
  settings: [
    'M4 7h9M17 7h3M4 17h3M11 17h9',
    'M15 4.800a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.400z',
    'M9 14.800a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.400z',
  ],
  details: ['M4 20v-5M9.3 20V9M14.6 20v-8M20 20V4'],
  link: [
    'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1',
    'M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.700l1-1',
  ],
  leave: [
    'M3.5 14.500v-1.800c4.7-4.7 12.3-4.7 17 0v1.800a1 1 0 0 1-1.2 1l-3-.7a1 1 0 0 1-.8-1v-1.900a11 11 0 0 0-7 0v1.900a1 1 0 0 1-.8 1l-3 .7a1 1 0 0 1-1.2-1z',
  ],
  people: [
    'M9 5.500a3 3 0 1 1 0 6 3 3 0 0 1 0-6z',
    'M3 19c0-3 2.5-5 6-5s6 2 6 5',
    'M15.5 6a2.7 2.7 0 0 1 0 5.200M17.5 14.600c2.1.6 3.5 2.2 3.5 4.4',
  ],
  eye: [
    'M2.5 12c2.300-4 5.500-6 9.5-6s7.2 2 9.5 6c-2.300 4-5.500 6-9.5 6s-7.200-2-9.5-6z',
    'M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z',
  ],
  check: ['M5 12.500l4.5 4.500L19 7.5'],
  close: ['M6 6l12 12M18 6L6 18'],
  speaker: ['M4 10v4h3.500l4.5 4V6L7.5 10z', 'M15.5 9.200a4 4 0 0 1 0 5.600M18 6.700a7.5 7.5 0 0 1 0 10.6'],
  warning: ['M12 4.500l8.5 15h-17z', 'M12 10v4.500M12 17v.2'],
  thread: ['M4 7c6-4 10 4 16 0', 'M4 12c6-4 10 4 16 0', 'M4 17c6-4 10 4 16 0'],
} as const;

export type IconName = keyof typeof SHAPES;

const SVG = 'http://www.w3.org/2000/svg';

/** A decorative icon: the label of its button has the meaning. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  const attributes = { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true', focusable: 'false' };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  for (const shape of SHAPES[name]) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', shape);
    svg.append(path);
  }
  return svg;
}
