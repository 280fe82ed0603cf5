/** Message attributes: short forms in, typed values out. */

import { types } from 'node:util';
import type { NativeAttribute } from './native.js';

/** An attribute with its data type: `String`, `Number` or `Binary`, optionally `.label`. */
export interface TypedAttribute {
  type: string;
  value: string | Uint8Array;
}

/** A text is a `String`, a number a `Number`, bytes are `Binary`. */
export type AttributeInput = string | number | bigint | Uint8Array | TypedAttribute;

/** A typed attribute with its name, as sent. */
export interface NamedAttribute {
  name: string;
  type: string;
  value: string | Buffer;
}

/** Attributes by name, or a list of them such as `message.typedAttributes`. */
export type AttributesInput =
  | Record<string, AttributeInput>
  | readonly (TypedAttribute & { name: string })[];

function typed(value: AttributeInput): TypedAttribute {
  switch (typeof value) {
    case 'string':
      return { type: 'String', value };
    case 'number':
    case 'bigint':
      return { type: 'Number', value: String(value) };
    default:
      return types.isUint8Array(value) ? { type: 'Binary', value } : value;
  }
}

export function toNative(attributes: AttributesInput): NativeAttribute[] {
  if (Array.isArray(attributes)) return attributes;
  return Object.entries(attributes).map(([name, value]) => ({ ...typed(value), name }));
}

/**
 * Values by name: text, bytes, and numbers where JavaScript has the same one. Others, such as
 * `0.1e1` or one of thirty digits, stay the text that was sent.
 */
export function toValues(attributes: NamedAttribute[]): Record<string, string | number | Buffer> {
  const values: Record<string, string | number | Buffer> = Object.create(null);
  for (const { name, type, value } of attributes) {
    const isSame = type.split('.', 1)[0] === 'Number' && String(Number(value)) === value;
    values[name] = isSame ? Number(value) : value;
  }
  return values;
}
