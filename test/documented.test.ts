// What of a card's documented figure is expected of the device at hand, and the clock that the figure assumes.

import { expect, test } from 'vitest';
import { nameplate } from '../src/index.js';
import { testCard } from './testCard.js';

const device = (name: string, multiprocessors: number, memoryMiB: number, computeCapability: string) => ({
  ...testCard,
  name,
  multiprocessors,
  memoryBytes: memoryMiB * 2 ** 20,
  computeCapability,
  pciDeviceId: null,
});
const h200 = nameplate(device('NVIDIA H200', 132, 143_000, '9.0'));
const h100 = nameplate(device('NVIDIA H100 80GB HBM3', 132, 81_000, '9.0'));

test('a documented clock is taken as it is', () => {
  expect(h100.documented('tensor.bf16')).toMatchObject({ assumedClockHz: 1830e6, clockImplied: false });
});

test('where no document names a clock, the figure implies one, and the row says so', () => {
  const figure = h200.documented('tensor.bf16');
  expect(figure?.clockImplied).toBe(true);
  expect(figure?.assumedClockHz).toBeCloseTo(989.5e12 / (132 * 4096), -3);
  expect(figure?.assumedClockHz).toBeGreaterThan(1829e6);
  expect(h200.documented('memory')).toMatchObject({ assumedClockHz: null, clockImplied: false });
});

test('a rate that a document halves and that cards were measured to reach bounds nothing', () => {
  const geforce = nameplate(device('NVIDIA GeForce RTX 5090', 170, 32_000, '12.0'));
  expect(geforce.documented('tensor.fp8')).toMatchObject({ value: 419e12, upTo: 2 });
  expect(geforce.ratePerClock('tensor.fp8')).toBeNull();
  expect(geforce.documented('tensor.bf16')).toMatchObject({ value: 209.5e12, upTo: 1 });
  expect(geforce.ratePerClock('tensor.bf16')).toBe(512);
  const plate = nameplate(device('NVIDIA H100 80GB HBM3', 132, 81_000, '9.0'));
  expect(plate.documented('tensor.fp8')?.upTo).toBe(1);
});

test('a copy over NVLink is held against the links that make up the figure, which a bridge may not all reach', () => {
  const h100Pcie = nameplate(device('NVIDIA H100 PCIe', 114, 81_000, '9.0'));
  expect(h200.documented('peer')).toMatchObject({ value: 450e9, nvlinks: 18 });
  expect(h100Pcie.documented('peer')).toMatchObject({ value: 300e9, nvlinks: 12 });
  expect(h200.documented('link')?.nvlinks).toBeNull();
});

test('a slice has no share of the memory bandwidth where no document tells its memory slices', () => {
  const sliced = (name: string, multiprocessors: number, gigabytes: number) =>
    nameplate(device(name, multiprocessors, gigabytes * 1024, '10.3'));
  const b300 = sliced('NVIDIA B300 SXM6 AC MIG 1g.34gb', 16, 32);
  expect(b300.card?.id).toBe('b300');
  expect(b300.documented('memory')).toBeNull();
  expect(b300.documented('tensor.bf16')).not.toBeNull();
});

test('an unknown card and an unknown resource have no figure', () => {
  expect(nameplate(device('Voodoo 2', 1, 12, '0.1')).documented('tensor.bf16')).toBeNull();
  expect(h200.documented('none')).toBeNull();
});
