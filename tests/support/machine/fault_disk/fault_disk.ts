import { join } from "@std/path/join";
import { concat } from "@std/bytes/concat";
import { type DiskContent, type DiskNode, DiskTree, pathOf } from "./disk_tree.ts";
import { type FuseDevice, mountFuse } from "./fuse_device.ts";
import {
  type Attributes,
  attributesAnswer,
  entryAnswer,
  ERRNO,
  folderEntry,
  formatAnswer,
  type FuseBody,
  type FuseRequest,
  initAnswer,
  OPCODES,
  openAnswer,
  packed,
  parseRequest,
  statfsAnswer,
} from "./fuse_messages.ts";

export { canMountFuse } from "./fuse_device.ts";
export type { DiskContent } from "./disk_tree.ts";
export { ERRNO } from "./fuse_messages.ts";

/** An operation of a process, before the disk performs it. */
export interface DiskOperation {
  readonly kind: OperationKind;
  /** The path from the root of the disk. */
  readonly path: string;
  /** The requested permission bits of an operation that creates or changes a node. */
  readonly mode?: number;
}

/** The kinds of operations. All that change nothing are `look`. */
export type OperationKind =
  | "look"
  | "create"
  | "make folder"
  | "write"
  | "truncate"
  | "change mode"
  | "rename"
  | "remove"
  | "sync"
  | "sync folder"
  | "close"
  | "lock";

export interface FaultDiskOptions {
  /** The mode of every node, which cannot be changed, as on a disk without modes. */
  readonly fixedMode?: number;
  /** Whether `flock` works. Otherwise every lock fails. Default: true. */
  readonly hasLocks?: boolean;
}

const FOLDER_BITS = 0o040000;
const FILE_BITS = 0o100000;
const CHANGES_MODE = 1;
const CHANGES_OWNER = 2;
const CHANGES_GROUP = 4;
const CHANGES_SIZE = 8;

/**
 * A disk in memory under the control of a test: the test sees every operation in order before it is performed, can
 * make it fail, and knows what would remain after a power failure. Only other processes may use its files: the
 * process of the test serves them, and would wait for itself.
 */
export class FaultDisk implements AsyncDisposable {
  /** The mount point. */
  readonly path: string;
  /** Called before each operation. Returning an error number makes it fail. */
  intercept: (operation: DiskOperation) => number | undefined = () => undefined;
  /** Failures of the disk itself. Always empty unless it has a bug. */
  readonly faults: unknown[] = [];

  readonly #device: FuseDevice;
  readonly #options: FaultDiskOptions;
  readonly #tree: DiskTree;
  readonly #served: Promise<void>;

  private constructor(path: string, device: FuseDevice, options: FaultDiskOptions) {
    this.path = path;
    this.#device = device;
    this.#options = options;
    this.#tree = new DiskTree(options.fixedMode);
    this.#served = this.#serve();
  }

  /** Mounts an empty disk on a new folder. */
  static async mount(options: FaultDiskOptions = {}): Promise<FaultDisk> {
    const path = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
    return new FaultDisk(path, mountFuse(path), options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#device[Symbol.asyncDispose]();
    await this.#served;
    await Deno.remove(this.path);
  }

  /** Returns the current content. */
  content(): DiskContent {
    return this.#tree.content((node) => node.entries, (node) => node.data);
  }

  /**
   * Returns the content that could remain after a power failure: whatever was not synced is lost. With `entriesKept`
   * the names are current and only the data is old, as on disks that write names first.
   */
  contentAfterPowerCut({ entriesKept = false } = {}): DiskContent {
    return this.#tree.content(
      (node) => entriesKept ? node.entries : node.syncedEntries,
      (node) => node.syncedData,
    );
  }

  /** Replaces the content, as if it had been synced. */
  restore(content: DiskContent): void {
    this.#tree.restore(content);
  }

  async #serve(): Promise<void> {
    while (true) {
      const data = await this.#device.next();
      if (data === null) return;
      const request = parseRequest(data);
      let result: number | Uint8Array | null;
      try {
        result = this.#handle(request);
      } catch (error) {
        this.faults.push(error);
        result = ERRNO.EIO;
      }
      if (result !== null) this.#device.answer(formatAnswer(request.unique, result));
    }
  }

  /** Performs a request. Returns an error number (0 for success), the response, or null if no response is due. */
  #handle(request: FuseRequest): number | Uint8Array | null {
    const { opcode, body } = request;
    switch (opcode) {
      case OPCODES.init:
        return initAnswer(body.u32(4), this.#options.hasLocks === false);
      case OPCODES.forget:
      case OPCODES.batchForget:
      case OPCODES.interrupt:
        return null;
      case OPCODES.statfs:
        return statfsAnswer();
      case OPCODES.release:
      case OPCODES.releaseFolder:
        return 0;
    }
    const node = this.#tree.find(request.node);
    if (node === undefined) return ERRNO.ENOENT;
    return node.isFolder ? this.#handleFolder(node, request) : this.#handleFile(node, request);
  }

  #handleFolder(folder: DiskNode, { opcode, body, uid, gid }: FuseRequest): number | Uint8Array {
    switch (opcode) {
      case OPCODES.lookup: {
        const node = folder.entries.get(body.texts(0)[0] ?? "");
        return node === undefined ? ERRNO.ENOENT : entryAnswer(attributesOf(node));
      }
      case OPCODES.create: {
        const [name = ""] = body.texts(16);
        const mode = body.u32(4) & 0o777;
        if (folder.entries.has(name)) return ERRNO.EEXIST;
        return this.#ask("create", folder, name, mode) ??
          concat([
            entryAnswer(attributesOf(this.#tree.add(false, mode, folder, name, uid, gid))),
            openAnswer(),
          ]);
      }
      case OPCODES.makeFolder: {
        const [name = ""] = body.texts(8);
        const mode = body.u32(0) & 0o777;
        if (folder.entries.has(name)) return ERRNO.EEXIST;
        return this.#ask("make folder", folder, name, mode) ??
          entryAnswer(attributesOf(this.#tree.add(true, mode, folder, name, uid, gid)));
      }
      case OPCODES.unlink:
      case OPCODES.removeFolder:
        return this.#remove(folder, body.texts(0)[0] ?? "");
      case OPCODES.rename:
        return this.#rename(folder, body, 8);
      case OPCODES.rename2:
        return this.#rename(folder, body, 16);
      case OPCODES.openFolder:
        return this.#ask("look", folder) ?? openAnswer();
      case OPCODES.readFolder:
        return readFolder(folder, body.u64(8));
      case OPCODES.fsyncFolder:
        return this.#ask("sync folder", folder) ?? (folder.syncedEntries = new Map(folder.entries), 0);
    }
    return this.#handleAny(folder, opcode, body);
  }

  #handleFile(file: DiskNode, { opcode, body }: FuseRequest): number | Uint8Array {
    switch (opcode) {
      case OPCODES.open:
        return this.#ask("look", file) ?? openAnswer();
      case OPCODES.read:
        return this.#ask("look", file) ?? file.data.slice(body.u64(8), body.u64(8) + body.u32(16));
      case OPCODES.write:
        return this.#write(file, body);
      case OPCODES.flush:
        return this.#ask("close", file) ?? 0;
      case OPCODES.fsync:
        return this.#ask("sync", file) ?? (file.syncedData = file.data, 0);
      case OPCODES.setLock:
      case OPCODES.setLockWait:
        return this.#ask("lock", file) ?? ERRNO.ENOLCK;
    }
    return this.#handleAny(file, opcode, body);
  }

  #handleAny(node: DiskNode, opcode: number, body: FuseBody): number | Uint8Array {
    switch (opcode) {
      case OPCODES.getAttributes:
        return attributesAnswer(attributesOf(node));
      case OPCODES.setAttributes:
        return this.#setAttributes(node, body) ?? attributesAnswer(attributesOf(node));
    }
    return ERRNO.ENOSYS;
  }

  #ask(kind: OperationKind, node: DiskNode, name?: string, mode?: number): number | undefined {
    const path = name === undefined ? pathOf(node) : join(pathOf(node), name);
    return this.intercept({ kind, path, ...(mode === undefined ? {} : { mode }) });
  }

  #write(file: DiskNode, body: FuseBody): number | Uint8Array {
    const refused = this.#ask("write", file);
    if (refused !== undefined) return refused;
    const at = body.u64(8);
    const data = body.bytes(40, body.u32(16));
    const longer = new Uint8Array(Math.max(file.data.length, at + data.length));
    longer.set(file.data);
    longer.set(data, at);
    file.data = longer;
    return packed(data.length, 0);
  }

  #setAttributes(node: DiskNode, body: FuseBody): number | undefined {
    const changes = body.u32(0);
    if ((changes & CHANGES_MODE) !== 0) {
      const mode = body.u32(68) & 0o777;
      const refused = this.#ask("change mode", node, undefined, mode);
      if (refused !== undefined) return refused;
      this.#tree.setMode(node, mode);
    }
    if ((changes & CHANGES_SIZE) !== 0) {
      const refused = this.#ask("truncate", node);
      if (refused !== undefined) return refused;
      const resized = new Uint8Array(body.u64(16));
      resized.set(node.data.subarray(0, resized.length));
      node.data = resized;
    }
    if ((changes & CHANGES_OWNER) !== 0) node.uid = body.u32(76);
    if ((changes & CHANGES_GROUP) !== 0) node.gid = body.u32(80);
    return undefined;
  }

  #remove(folder: DiskNode, name: string): number {
    const node = folder.entries.get(name);
    if (node === undefined) return ERRNO.ENOENT;
    if (node.entries.size > 0) return ERRNO.ENOTEMPTY;
    const refused = this.#ask("remove", folder, name);
    if (refused !== undefined) return refused;
    folder.entries.delete(name);
    return 0;
  }

  #rename(folder: DiskNode, body: FuseBody, namesAt: number): number {
    const [from = "", to = ""] = body.texts(namesAt);
    const target = this.#tree.find(body.u64(0));
    const node = folder.entries.get(from);
    if (node === undefined || target === undefined) return ERRNO.ENOENT;
    const refused = this.#ask("rename", target, to);
    if (refused !== undefined) return refused;
    folder.entries.delete(from);
    target.entries.set(to, node);
    node.parent = target;
    node.name = to;
    return 0;
  }
}

function attributesOf({ id, isFolder, mode, data, uid, gid }: DiskNode): Attributes {
  return { node: id, size: data.length, mode: (isFolder ? FOLDER_BITS : FILE_BITS) | mode, uid, gid };
}

/** Returns all entries at once. A second request gets none. */
function readFolder(folder: DiskNode, offset: number): Uint8Array {
  if (offset > 0) return new Uint8Array();
  const entries = [...folder.entries.values()];
  return concat([
    ...entries.map((node, place) => folderEntry(node.id, place + 1, node.isFolder, node.name)),
  ]);
}
