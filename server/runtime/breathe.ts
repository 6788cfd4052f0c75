/** Long work in portions: between two of them whatever waits gets its turn. */

export const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));
