export declare const tiles: readonly (readonly [part: string, tile: readonly [number, number]])[];
