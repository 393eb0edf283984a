import type { View } from './view.js';

/** The right captions, unmasked, beside the pictures of the shared inputs. */
export const clean: View<true> = {
  name: 'clean',
  prefix: 'caption.',
  apart: async (examples, _request, { processor }) =>
    processor.collate(await Promise.all(examples.map(({ caption }) => processor.encode({ text: caption })))),
};
