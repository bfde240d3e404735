// A chart of lines, drawn as SVG: a rate over sizes, a clock over time. The axes have few ticks and round figures.

import { html, type Markup } from './markup.js';

/** Of sizes, ticks are powers of two; of rates over decades, 1, 2 and 5 of each. */
export type Axis = {
  label: string;
  format: (value: number) => string;
  scale: 'linear' | 'sizes' | 'decades';
};
/** A vertical line at a place worth a name, such as the size of a cache. */
export type Mark = { x: number; name: string };

type Chart = {
  title: string;
  x: Axis;
  y: Axis;
  points: readonly (readonly [x: number, y: number])[];
  marks?: readonly Mark[];
  /** In units of which a letter has eleven; half of it where several charts stand beside each other. */
  width?: number;
};

const height = 240;
const frame = { left: 84, right: 28, top: 20, bottom: 44 };
/** Of more points, those beside each other cover each other. */
const mostDots = 64;

/** Nothing where there are no two points to draw a line between. */
export function chart({ title, x, y, points, marks = [], width = 720 }: Chart): Markup | null {
  const drawn = points.filter(([at, value]) => fits(x, at) && fits(y, value));
  const [first, last] = extent(drawn.map(([at]) => at));
  if (!(first < last)) return null;
  const [low, high] = extent(drawn.map(([, value]) => value));
  const bottom = height - frame.bottom;
  const across = scale(x, first, last, frame.left, width - frame.right);
  // Over time a line may be flat; from zero on, half a percent of noise does not look like a fall.
  const range: [number, number] =
    y.scale === 'linear' ? [Math.min(0, low), (high || 1) * 1.08] : [low / 1.1, high * 1.1];
  const up = scale(y, ...range, bottom, frame.top);
  const path = drawn.map(([at, value]) => `${across.at(at)},${up.at(value)}`).join(' ');
  const dots = (drawn.length > mostDots ? [] : drawn).map(
    ([at, value]) =>
      html`<circle cx="${across.at(at)}" cy="${up.at(value)}" r="3"><title>${x.format(at)}: ${y.format(value)}</title></circle>`,
  );
  const vertical = across.ticks.map(
    (tick) =>
      html`<text class="tick" x="${across.at(tick)}" y="${bottom + 16}" text-anchor="middle">${x.format(tick)}</text>`,
  );
  const horizontal = up.ticks.map(
    (tick) =>
      html`<line class="grid" x1="${frame.left}" x2="${width - frame.right}" y1="${up.at(tick)}" y2="${up.at(tick)}"/><text class="tick" x="${frame.left - 6}" y="${up.at(tick) + 4}" text-anchor="end">${y.format(tick)}</text>`,
  );
  const named = marks
    .filter((mark) => mark.x >= first && mark.x <= last)
    .map(
      (mark) =>
        html`<line class="mark" x1="${across.at(mark.x)}" x2="${across.at(mark.x)}" y1="${frame.top}" y2="${bottom}"/><text class="tick" x="${across.at(mark.x) - 4}" y="${frame.top + 10}" text-anchor="end">${mark.name}</text>`,
    );
  return html`<figure><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
${horizontal}${vertical}<text class="tick" x="${(frame.left + width - frame.right) / 2}" y="${height - 8}" text-anchor="middle">${x.label}</text>
${named}<g class="line"><polyline points="${path}"/>${dots}</g>
</svg></figure>
`;
}

/** A logarithm takes no zero, which a foreign report may hold. */
const fits = ({ scale }: Axis, value: number) => scale === 'linear' || value > 0;

/** Of a long trace too, for which Math.min has no room for arguments. */
const extent = (values: readonly number[]): [number, number] =>
  values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );

/** Values of an axis to coordinates, a tenth of a unit exact, and the values that are written beside it. */
function scale(axis: Axis, low: number, high: number, from: number, to: number) {
  const map = (value: number) => (axis.scale === 'linear' ? value : Math.log2(value));
  const span = map(high) - map(low) || 1;
  const at = (value: number) => Number((from + ((map(value) - map(low)) / span) * (to - from)).toFixed(1));
  return { at, ticks: ticks[axis.scale](low, high) };
}

const ticks: Readonly<Record<Axis['scale'], (low: number, high: number) => number[]>> = {
  linear(low, high) {
    const rough = (high - low) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
    return steps(Math.ceil(low / step), Math.floor(high / step), 1).map((count) => count * step);
  },
  sizes(low, high) {
    const [first, last] = [Math.ceil(Math.log2(low)), Math.floor(Math.log2(high))];
    return steps(first, last, Math.max(1, Math.ceil((last - first + 1) / 9))).map((power) => 2 ** power);
  },
  decades(low, high) {
    const decades = steps(Math.floor(Math.log10(low)), Math.floor(Math.log10(high)), 1);
    const factors = decades.length > 2 ? [1] : [1, 2, 5];
    return decades
      .flatMap((power) => factors.map((factor) => factor * 10 ** power))
      .filter((value) => value >= low && value <= high);
  },
};

/** Whole numbers from `first` to `last`, every `stride`th. */
const steps = (first: number, last: number, stride: number) =>
  Array.from({ length: Math.max(0, Math.floor((last - first) / stride) + 1) }, (_, i) => first + i * stride);
