// The line protocol of the scenario runner (tests/scenarios/README.md): a request is a line
// `verb key=value ...`, its answer `ok key=value ...` or `error number name text`; values are
// percent-encoded bytes, so they are latin1 text here until somebody needs them otherwise.

const PLAIN = /[^A-Za-z0-9\-._~:/]/g;

function encode(value) {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(PLAIN, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

function decode(text) {
  const bytes = text.replace(/%(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}

/** A request, with what drivers ask of it. */
export class Request {
  #fields = new Map();

  constructor(line) {
    const [verb, ...words] = line.split(' ');
    this.verb = verb;
    for (const word of words) {
      const equals = word.indexOf('=');
      this.#fields.set(word.slice(0, equals), decode(word.slice(equals + 1)));
    }
  }

  bytes(key) {
    return this.#fields.get(key);
  }

  text(key) {
    return this.bytes(key)?.toString();
  }

  number(key) {
    const text = this.text(key);
    return text === undefined ? undefined : Number(text);
  }

  flag(key) {
    return this.text(key) === '1';
  }

  /** What `read` makes of the list's entries, each named by its prefix. */
  list(key, read) {
    const count = this.number(`${key}.count`) ?? 0;
    return Array.from({ length: count }, (_, index) => read(`${key}.${index + 1}`));
  }

  texts(key) {
    return this.list(key, (entry) => this.text(entry));
  }

  map(key) {
    const pairs = this.list(key, (entry) => [
      this.text(`${entry}.name`),
      this.text(`${entry}.value`),
    ]);
    return Object.fromEntries(pairs);
  }
}

/** An answer `ok` that grows. */
export class Answer {
  #words = ['ok'];

  /** Adds a field, unless there is no value. */
  put(key, value) {
    if (value === undefined) return this;
    const plain = value instanceof Uint8Array ? value : String(value);
    this.#words.push(`${key}=${encode(plain)}`);
    return this;
  }

  flag(key, value) {
    return this.put(key, value ? '1' : '0');
  }

  /** Adds a list; `put` adds each entry below its prefix. */
  list(key, values, put) {
    values.forEach((value, index) => put(value, `${key}.${index + 1}`));
    return this.put(`${key}.count`, values.length);
  }

  map(key, map) {
    return this.list(key, Object.entries(map), ([name, value], entry) => {
      this.put(`${entry}.name`, name).put(`${entry}.value`, value);
    });
  }

  toString() {
    return this.#words.join(' ');
  }
}

export function errorLine({ number, code, message }) {
  return `error ${number} ${code} ${encode(message)}`;
}
