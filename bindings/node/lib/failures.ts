/** From the native half's errors to instances of their classes. */

import * as errors from './errors.js';
import { kinds } from './kinds.js';
import { type Failure, native } from './native.js';

type Class = new (text: string) => errors.ForebayError;

const byName = errors as unknown as Record<string, Class>;
const byNumber = new Map<number, Class>();

for (const kind of native.kinds()) {
  const type = byName[kind.name];
  if (type === undefined) continue;
  byNumber.set(kind.number, type);
  kinds.set(type, kind);
}

/** The error that the native half tells of. */
export function errorOf({ failure, text }: Failure): errors.ForebayError {
  return new (byNumber.get(failure) ?? errors.Internal)(text);
}
