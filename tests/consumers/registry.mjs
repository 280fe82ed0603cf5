// A registry of npm for one command: `registry.mjs FOLDER PROGRAM ARGUMENT...` offers the
// tarballs in FOLDER and runs the program, for which no other registry is there. So npm chooses
// by itself what it installs for a platform, as it does for users.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const [folder, program, ...words] = process.argv.slice(2);

/** The manifest inside a tarball. */
function manifest(path) {
  const { stdout, status } = spawnSync('tar', ['-xzOf', path, 'package/package.json']);
  if (status !== 0) throw new Error(`no manifest in ${path}`);
  return JSON.parse(stdout);
}

/** What the registry answers about a package: it has one version. */
function offer(file, origin) {
  const path = join(folder, file);
  const own = manifest(path);
  const hash = createHash('sha512').update(readFileSync(path)).digest('base64');
  const dist = { tarball: `${origin}/-/${file}`, integrity: `sha512-${hash}` };
  const versions = { [own.version]: { ...own, dist } };
  return [own.name, { name: own.name, 'dist-tags': { latest: own.version }, versions }];
}

const server = createServer((request, response) => {
  const name = decodeURIComponent(request.url.slice(1));
  const file = name.startsWith('-/') ? files.find((it) => name === `-/${it}`) : undefined;
  const answer = file ? readFileSync(join(folder, file)) : JSON.stringify(packages.get(name));
  response.writeHead(answer ? 200 : 404).end(answer ?? '{}');
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const origin = `http://127.0.0.1:${server.address().port}`;
const files = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
const packages = new Map(files.map((file) => offer(file, origin)));

const env = { ...process.env, npm_config_registry: origin };
const [status] = await once(spawn(program, words, { env, stdio: 'inherit' }), 'exit');
server.closeAllConnections();
server.close();
process.exitCode = status ?? 1;
