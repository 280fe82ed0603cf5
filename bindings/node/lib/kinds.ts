/** The kind of error of each class. A bundler may rename classes, so their names tell nothing. */

import type { Kind } from './native.js';

/** Filled by `failures.ts`, which knows all classes. */
export const kinds = new Map<unknown, Kind>();

/** The kind of a class, which a program may have derived from one of ours. */
export function kindOf(type: unknown): Kind | undefined {
  let own = type;
  while (typeof own === 'function' && !kinds.has(own)) own = Object.getPrototypeOf(own);
  return kinds.get(own);
}
