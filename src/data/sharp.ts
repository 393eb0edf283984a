import { createRequire } from 'node:module';

type Open = typeof import('sharp').default;

let loaded: Open | undefined;

/** Opens a picture with the library sharp, which is loaded with the first one: checking a recipe needs none. */
export const sharp = (...given: Parameters<Open>): ReturnType<Open> => {
  loaded ??= createRequire(import.meta.url)('sharp') as Open;
  return loaded(...given);
};
