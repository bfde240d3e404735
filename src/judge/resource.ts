// What a kernel exhausts, by class: that is what a threshold is set for, and what evidence is looked for.

const classes = [
  { pattern: /^(vector|tensor)\..*\.sparse$/, name: 'sparse' },
  { pattern: /^tensor\./, name: 'tensor' },
  { pattern: /^vector\./, name: 'vector' },
  { pattern: /^memory$/, name: 'memory' },
  { pattern: /^link$/, name: 'link' },
  { pattern: /^peer$/, name: 'peer' },
] as const;
export type ResourceClass = (typeof classes)[number]['name'];

/** The class of a documented resource: "tensor.bf16" is `tensor`; null for one that this tool does not judge. */
export function resourceClass(resource: string): ResourceClass | null {
  return classes.find(({ pattern }) => pattern.test(resource))?.name ?? null;
}
