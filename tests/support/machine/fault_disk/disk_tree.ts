import { join } from "@std/path/join";

/** The content of a disk: data and mode of each file, and the mode of each folder, by path. */
export type DiskContent = ReadonlyMap<string, { readonly data: Uint8Array | null; readonly mode: number }>;

/** A file or folder: its current state and its last synced state. */
export interface DiskNode {
  readonly id: number;
  readonly isFolder: boolean;
  mode: number;
  uid: number;
  gid: number;
  parent: DiskNode | null;
  name: string;
  data: Uint8Array<ArrayBuffer>;
  syncedData: Uint8Array<ArrayBuffer>;
  entries: Map<string, DiskNode>;
  syncedEntries: Map<string, DiskNode>;
}

/** The files and folders of a disk. */
export class DiskTree {
  /** The root folder. */
  readonly root: DiskNode;
  readonly #nodes = new Map<number, DiskNode>();
  readonly #fixedMode: number | undefined;

  /** `fixedMode` overrides the mode of every node. */
  constructor(fixedMode?: number) {
    this.#fixedMode = fixedMode;
    this.root = this.add(true, 0o700, null, "");
  }

  /** Returns the node with this ID, even if it has no name anymore. */
  find(id: number): DiskNode | undefined {
    return this.#nodes.get(id);
  }

  /** Creates a node in the folder `parent`. */
  add(isFolder: boolean, mode: number, parent: DiskNode | null, name: string, uid = 0, gid = 0): DiskNode {
    const none = new Uint8Array();
    const node: DiskNode = {
      id: this.#nodes.size + 1,
      isFolder,
      mode: this.#fixedMode ?? mode,
      uid,
      gid,
      parent,
      name,
      data: none,
      syncedData: none,
      entries: new Map(),
      syncedEntries: new Map(),
    };
    this.#nodes.set(node.id, node);
    parent?.entries.set(name, node);
    return node;
  }

  /** Changes the mode of a node, unless modes are fixed. */
  setMode(node: DiskNode, mode: number): void {
    node.mode = this.#fixedMode ?? mode;
  }

  /** Returns the content by the given view of entries and data. */
  content(
    entriesOf: (node: DiskNode) => ReadonlyMap<string, DiskNode>,
    dataOf: (node: DiskNode) => Uint8Array,
  ): DiskContent {
    const content = new Map<string, { data: Uint8Array | null; mode: number }>();
    const visit = (folder: DiskNode, prefix: string) => {
      for (const [name, node] of entriesOf(folder)) {
        content.set(prefix + name, { data: node.isFolder ? null : dataOf(node), mode: node.mode });
        if (node.isFolder) visit(node, `${prefix}${name}/`);
      }
    };
    visit(this.root, "");
    return content;
  }

  /** Replaces everything by `content`, synced. */
  restore(content: DiskContent): void {
    this.root.entries.clear();
    for (const [path, { data, mode }] of content) {
      const parts = path.split("/");
      const name = parts.pop() ?? "";
      const parent = parts.reduce((folder, part) => folder.entries.get(part) ?? folder, this.root);
      const node = this.add(data === null, mode, parent, name);
      if (data !== null) node.data = new Uint8Array(data);
    }
    for (const node of this.#nodes.values()) {
      node.syncedData = node.data;
      node.syncedEntries = new Map(node.entries);
    }
  }
}

/** Returns the path of a node from the root. */
export function pathOf(node: DiskNode): string {
  return node.parent === null ? "" : join(pathOf(node.parent), node.name);
}
