/** From the native half's errors to instances of their classes. */

import * as errors from './errors.js';
import { type Failure, native } from './native.js';

type Class = new (text: string) => errors.ForebayError;

const byName = errors as unknown as Record<string, Class>;
const byNumber = new Map(native.kinds().map(({ number, name }) => [number, byName[name]]));

/** The error that the native half tells of. */
export function errorOf({ failure, text }: Failure): errors.ForebayError {
  return new (byNumber.get(failure) ?? errors.Internal)(text);
}
