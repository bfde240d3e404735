export function buildSimulatedDriver(): string;
export function addonWithKernels(): string;
export function olderDriver(): string;
