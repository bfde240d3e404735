// Which of several devices of one card stand out below, in a report that has three of them or more: a cause that no
// document tells of.

import { fleet } from '../fleet/fleet.js';
import type { Finding, Group } from '../fleet/schema.js';
import type { Report } from '../row.js';
import { formatCount, formatPercent, formatShape } from '../units.js';

/** A sentence for each device that is slower than its like, or failed where they measured. */
export function siblingWords(report: Report): string[] {
  return fleet([report]).groups.flatMap((group) =>
    group.devices.flatMap((device, index) => {
      const own = group.findings.filter((finding) => finding.device === index);
      return words(device.id, own, group);
    }),
  );
}

function words(id: string, findings: readonly Finding[], { devices }: Group): string[] {
  const slow = findings.filter(({ status }) => status === 'slow');
  const lost = findings.filter(({ status }) => status === 'lost');
  const [worst] = slow;
  const others = formatCount(devices.length - 1, 'other');
  const parts = [
    worst !== undefined &&
      `slower than its like in ${formatCount(slow.length, 'row')}, most in ${worst.id} by ${worst.provider} · ${formatShape(worst.shape)}: ${formatPercent(Math.abs(worst.change ?? 0), 1)} ${worst.unit === 's' ? 'above' : 'below'} the median`,
    lost.length > 0 && `${formatCount(lost.length, 'row')} failed that others measured`,
  ].filter((part) => part !== false);
  if (parts.length === 0) return [];
  return [`${id} stands out among ${others} of the same card: ${parts.join('; ')} (nameplate fleet has all)`];
}
