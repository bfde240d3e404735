// The units documents print for a figure, and what each is worth in SI. Decimal throughout: NVIDIA's GB/s is 1e9 B/s.

export const printedUnits = ['TFLOPS', 'TOPS', 'GB/s', 'TB/s'] as const;
export type PrintedUnit = (typeof printedUnits)[number];

/** FLOP/s or B/s in one printed unit. An integer operation counts as one FLOP, so TOPS and TFLOPS are alike. */
export const si: Readonly<Record<PrintedUnit, number>> = {
  TFLOPS: 1e12,
  TOPS: 1e12,
  'GB/s': 1e9,
  'TB/s': 1e12,
};

export const mega = 1e6;
export const giga = 1e9;
export const gibi = 2 ** 30;
