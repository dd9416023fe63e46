import { encodeBase64 } from "@std/encoding/base64";
import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path/join";

/** One version of a package: its name with the scope, and its files by path, of which `/mod.ts` is the entry. */
export interface PublishedPackage {
  readonly name: string;
  readonly version: string;
  readonly files: Readonly<Record<string, string>>;
}

/** A stand-in for JSR and npm on loopback, with packages that a test publishes. */
export interface PackageRegistry extends AsyncDisposable {
  /** What points Deno at it. */
  readonly env: Readonly<Record<string, string>>;
  /** Publishes a version for JSR, or replaces it under the same number. */
  publishToJsr(published: PublishedPackage): Promise<void>;
  /** The same for npm. */
  publishToNpm(published: PublishedPackage): Promise<void>;
}

/** Starts a registry on a free port of 127.0.0.1. It has no packages. */
export function startPackageRegistry(): PackageRegistry {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    const file = files.get(decodeURIComponent(new URL(url).pathname));
    return file === undefined ? new Response("not found", { status: 404 }) : new Response(file, {
      headers: { "content-type": url.endsWith(".ts") ? "application/typescript" : "application/json" },
    });
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const jsrVersions = new Map<string, Record<string, unknown>>();
  const npmVersions = new Map<string, Record<string, unknown>>();
  return {
    env: { JSR_URL: `${origin}/jsr/`, NPM_CONFIG_REGISTRY: `${origin}/npm/` },
    async publishToJsr({ name, version, files: published }) {
      const manifest: Record<string, unknown> = {};
      for (const [path, text] of Object.entries(published)) {
        const bytes = encode(text);
        files.set(`/jsr/${name}/${version}${path}`, bytes);
        manifest[path] = { size: bytes.length, checksum: `sha256-${await sum("SHA-256", bytes)}` };
      }
      const [scope = "", plain = ""] = name.slice(1).split("/");
      const versions = { ...jsrVersions.get(name), [version]: {} };
      jsrVersions.set(name, versions);
      files.set(`/jsr/${name}/${version}_meta.json`, encode({ manifest, exports: { ".": "./mod.ts" } }));
      files.set(`/jsr/${name}/meta.json`, encode({ scope, name: plain, latest: version, versions }));
    },
    async publishToNpm({ name, version, files: published }) {
      const tarball = await pack(published);
      const path = `/npm/${name}/-/${version}.tgz`;
      files.set(path, tarball);
      const hash = await crypto.subtle.digest("SHA-512", tarball);
      const dist = { tarball: `${origin}${path}`, integrity: `sha512-${encodeBase64(hash)}` };
      const versions = { ...npmVersions.get(name), [version]: { name, version, dist } };
      npmVersions.set(name, versions);
      files.set(`/npm/${name}`, encode({ name, "dist-tags": { latest: version }, versions }));
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function encode(content: string | object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content));
}

async function sum(algorithm: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return encodeHex(new Uint8Array(await crypto.subtle.digest(algorithm, bytes)));
}

/** A tarball as `npm pack` makes it. */
async function pack(files: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-pack-" });
  try {
    await Deno.mkdir(join(folder, "package"));
    for (const [path, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, "package", path.slice(1)), text);
    }
    const tar = new Deno.Command("tar", { args: ["-czf", "package.tgz", "package"], cwd: folder });
    const { success, stderr } = await tar.output();
    if (!success) throw new Error(`Cannot pack: ${new TextDecoder().decode(stderr)}`);
    return await Deno.readFile(join(folder, "package.tgz"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
