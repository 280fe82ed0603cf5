// Counting one file, by the rules of ../src/count.rs.
import { readFile } from 'node:fs/promises';

const POISON = Buffer.from('FOREBAY-DEMO-POISON');
const KIND = /^[a-z0-9]{1,12}$/i;
const ID_BYTES_MAX = 128;

function isSpace(byte) {
  return byte === 0x20 || (byte >= 9 && byte <= 13);
}

/** The counts of a file; rejects for what cannot be read and what is marked as poison. */
export async function countFile(path) {
  const content = await readFile(path);
  if (content.subarray(0, POISON.length).equals(POISON)) throw new Error('poison');
  let words = 0; // longest runs of bytes that are not white space
  let lines = 0; // newline bytes
  let inWord = false;
  for (const byte of content) {
    const space = isSpace(byte);
    if (byte === 10) lines++;
    if (!space && !inWord) words++;
    inWord = !space;
  }
  return { words, lines, bytes: content.length };
}

/** The type of a file: its extension in lower case, or `none`. */
export function kindOf(path) {
  const name = path.subarray(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.toString('latin1', dot + 1) : '';
  return KIND.test(extension) ? extension.toLowerCase() : 'none';
}

/** The deduplication id of a file's result: its path where that is one, else a hash of it. */
export function deduplicationOf(path) {
  const isId = path.length <= ID_BYTES_MAX && path.every((byte) => byte >= 0x21 && byte <= 0x7e);
  if (isId) return path.toString('latin1');
  let hash = 0xcbf29ce484222325n; // FNV-1a, 64 bits
  for (const byte of path) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return `${hash.toString(16).padStart(16, '0')}-${path.length}`;
}
