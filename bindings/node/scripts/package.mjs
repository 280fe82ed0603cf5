// Makes the npm tarballs: `package.mjs OUT TARGET=LIBRARY ...`, with targets such as
// `linux-x64-gnu`. The main package depends on all platform packages, as optional ones: npm
// installs the one that fits, and no script runs at an installation.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const repository = join(root, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Every platform that gets a package, whether or not this run builds it. */
const TARGETS = ['linux-x64-gnu', 'linux-arm64-gnu'];

function fresh(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['LICENSE-MIT', 'LICENSE-APACHE']) {
    cpSync(join(repository, name), join(folder, name));
  }
}

function pack(folder, contents, out) {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(contents, null, 2)}\n`);
  const { status, stdout } = spawnSync('npm', ['pack', '--silent', '--pack-destination', out], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm pack ended with ${status} in ${folder}`);
  console.log(join(out, stdout.trim()));
}

function packPlatform(target, library, out) {
  const folder = join(out, target);
  fresh(folder);
  cpSync(library, join(folder, 'forebay.node'));
  const [os, cpu, libc] = target.split('-');
  const { version, license } = manifest;
  const contents = {
    name: `@forebay/${target}`,
    version,
    description: `The native half of the package forebay for ${target}`,
    license,
    main: 'forebay.node',
    files: ['forebay.node', 'LICENSE-MIT', 'LICENSE-APACHE'],
    engines: manifest.engines,
    os: [os],
    cpu: [cpu],
    libc: [libc === 'gnu' ? 'glibc' : libc],
  };
  pack(folder, contents, out);
}

function packMain(out) {
  const folder = join(out, 'forebay');
  fresh(folder);
  cpSync(join(root, 'dist'), join(folder, 'dist'), {
    recursive: true,
    filter: (path) => !path.endsWith('.built'),
  });
  cpSync(join(root, 'README.md'), join(folder, 'README.md'));
  const { devDependencies, scripts, ...contents } = manifest;
  const platforms = TARGETS.map((target) => [`@forebay/${target}`, manifest.version]);
  pack(folder, { ...contents, optionalDependencies: Object.fromEntries(platforms) }, out);
}

const [out, ...libraries] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
for (const pair of libraries) packPlatform(...pair.split('='), out);
packMain(out);
