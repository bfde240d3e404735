// measured / documented as bars: what stood before each factor, and what is left after it. The text is that of
// `nameplate explain`.

import type { Documented, Row } from '../../row.js';
import { formatPercent, formatRate } from '../../units.js';
import { descend, provenance, slice } from '../waterfall.js';
import { type Content, html, type Markup } from './markup.js';

type Bar = { label: string; amount: string; before: number; left: number; words: Content };

export function waterfallOf(row: Row & { rate: number; documented: Documented }): Markup {
  const { rate, documented, attribution, ceiling, unit, dtype } = row;
  const [label, of] = ceiling === null ? ['documented', 'spec'] : ['derived', 'derived'];
  const steps = descend(documented.value, attribution);
  const highest = Math.max(documented.value, rate, ...steps.map(({ left }) => left));
  const percent = (amount: number) => `${Math.max(0, (100 * amount) / highest).toFixed(2)}%`;
  const bars: Bar[] = [
    {
      label,
      amount: documented.printed,
      before: documented.value,
      left: documented.value,
      words: provenance(documented),
    },
    ...steps.map(({ name, value, before, left, evidence, confirm }) => ({
      label: `× ${value.toFixed(4)} ${name}`,
      amount: formatRate(left, unit, dtype),
      before,
      left,
      words: [evidence, confirm !== null && html`<br>confirm: <code>${confirm}</code>`],
    })),
    {
      label: 'measured',
      amount: formatRate(rate, unit, dtype),
      before: rate,
      left: rate,
      words: [
        html`<strong>${formatPercent(rate / documented.value, 1)} of ${of}</strong>`,
        slice(documented, rate, row).map((words) => html`<br>${words}`),
        attribution === null &&
          html`<br>not split into factors: neither SMs nor clocks of this device are documented`,
      ],
    },
  ];
  const lines = bars.map(
    ({
      label,
      amount,
      before,
      left,
      words,
    }) => html`<tr><th scope="row">${label}</th><td class="number">${amount}</td>
<td class="bar"><span class="left" style="width:${percent(left)}"></span><span class="lost" style="width:${percent(Math.max(0, before - left))}"></span></td>
<td>${words}</td></tr>
`,
  );
  return html`<div class="wide"><table class="waterfall"><caption>From the ${label} figure to the measured one</caption>
<tbody>
${lines}</tbody></table></div>
`;
}
