// The self-test for a person: a line a fault, and the sum.

import pc from 'picocolors';
import type { Check, SelftestReport } from '../selftest/schema.js';
import { harmless, wrap } from './table.js';
import type { View } from './view.js';

/** Of the longest outcome and two spaces. */
const width = 12;

export function selftestText(
  { device, checks, judgedAs, telemetry, simulated, total }: SelftestReport,
  view: View,
): string {
  const colors = pc.createColors(view.color);
  const count = (wanted: Check['outcome']) => checks.filter(({ outcome }) => outcome === wanted).length;
  const lines = checks.flatMap(({ where, seeded, expected, found, outcome }) => {
    const right = outcome === 'caught' || outcome === 'clean';
    const mark = right ? outcome : outcome.toUpperCase();
    const words = `${mark.padEnd(width)}${where}: ${seeded}${right ? '' : `; expected ${expected}`} → ${found}`;
    return wrap(words, view.width, ' '.repeat(width)).map(right ? (text) => text : colors.red);
  });
  const left = total - checks.length;
  const whole = left + count('missed') + count('unmeasured') === 0;
  const sum = [
    `${count('caught')} faults caught`,
    `${count('clean')} controls clean`,
    `${count('missed')} slipped through`,
    ...(count('unmeasured') > 0 ? [`${count('unmeasured')} could not be measured`] : []),
    ...(left > 0 ? [`${left} not tried`] : []),
  ].join(' · ');
  const notice = simulated
    ? ['SIMULATED: a stand-in for tests answered; nothing here says anything of a device.']
    : [];
  return `${[
    ...notice,
    colors.bold(harmless(`${device.name} · ${device.id}`)),
    ...wrap(`telemetry is staged and judged by the figures of ${judgedAs}`, view.width, '  '),
    ...(telemetry === null || telemetry.missing === ''
      ? []
      : wrap(
          `not told by this device, so that no fault shows there: ${telemetry.missing}`,
          view.width,
          '  ',
        ).map(colors.yellow)),
    ...lines,
    whole ? colors.green(sum) : colors.red(sum),
    ...notice,
  ].join('\n')}\n`;
}
