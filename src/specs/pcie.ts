// What PCI Express carries, by its generations.

import { giga } from './units.js';

/**
 * PCI Express, by generation: transfer rate per lane and what the line code leaves of it. Generation 6 counts the
 * error-correction bytes of its 256-byte flits (8 CRC, 6 FEC) as the line code. Packet headers come off all of them.
 */
export const pcieStandard: Readonly<
  Record<number, { gigatransfers: number; payload: number; total: number }>
> = {
  1: { gigatransfers: 2.5, payload: 8, total: 10 },
  2: { gigatransfers: 5, payload: 8, total: 10 },
  3: { gigatransfers: 8, payload: 128, total: 130 },
  4: { gigatransfers: 16, payload: 128, total: 130 },
  5: { gigatransfers: 32, payload: 128, total: 130 },
  6: { gigatransfers: 64, payload: 242, total: 256 },
};

/** B/s of one direction, packet headers included; null for a generation that is not known. */
export function pcieRate(generation: number, lanes: number): number | null {
  const standard = pcieStandard[generation];
  if (standard === undefined) return null;
  const { gigatransfers, payload, total } = standard;
  return (gigatransfers * giga * lanes * payload) / total / 8;
}
