// What one NVLink carries, by its generations.

import type { Card } from './card.js';

/**
 * GB/s of one link, both directions together, on cards for data centres: 4 links give P100 its 160 GB/s (p100-wp), 6 and
 * 12 give V100 and A100 theirs (a100-blog), 18 give H100 900 (h100-wp) and Blackwell 1800 (nvidia.com/data-center/nvlink).
 */
const linkRate: Readonly<Record<number, number>> = { 1: 40, 2: 50, 3: 50, 4: 50, 5: 100 };

/**
 * How many links make up the documented rate of a card: fewer than its chip has where a bridge reaches only some, as the
 * 12 of 18 of an H100 PCIe. Null where it is no whole number of them: a GA102 has four narrower ones.
 */
export function nvlinks({ nvlink }: Card): number | null {
  const links = (nvlink?.bothDirections.value ?? 0) / (linkRate[nvlink?.generation.value ?? 0] ?? 0);
  return Number.isInteger(links) && links > 0 ? links : null;
}
