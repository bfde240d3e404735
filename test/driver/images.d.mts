/** The kernels that native/kernels/`family`.cu makes for an architecture such as "90a". */
export declare function kernelsOf(family: string, architecture: string): string[];
export declare function buildImages(folder: string): void;
