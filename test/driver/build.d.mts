export function buildSimulatedDriver(): string;
export function addonWithKernels(): string;
export function olderDriver(): string;
export function driverWithout(symbols: Readonly<Record<string, string>>): string;
