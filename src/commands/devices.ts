// `nameplate devices`: what is here, which card it is taken for, and for what is missing, what to do.

import type { Command } from 'commander';
import { nameplate } from '../judge/documented.js';
import { inventoryText } from '../report/inventory.js';
import type { Inventory } from '../schema.js';
import { survey } from '../survey.js';
import { print } from './print.js';

export function addDevices(program: Command): void {
  program
    .command('devices')
    .description('show the devices, the driver, the device code held, and what is missing')
    .option('--json', 'print JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      const inventory = await survey().inventory();
      print(json ? JSON.stringify(withCards(inventory), null, 2) : inventoryText(inventory));
    });
}

function withCards(inventory: Inventory) {
  const devices = inventory.devices.map((device) => {
    const { card, reason } = nameplate(device);
    return { ...device, card: card?.id ?? null, cardReason: reason };
  });
  return { ...inventory, devices };
}
