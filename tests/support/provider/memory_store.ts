// @ts-types="npm:@types/oidc-provider@9.12.1"
import type { Adapter, AdapterPayload } from "oidc-provider";

/** Stores one tenant's codes, grants, sessions and refresh tokens in memory. */
export class MemoryStore {
  #models = new Map<string, Map<string, AdapterPayload>>();

  /** Returns the adapter for one of oidc-provider's models. */
  adapterFor(model: string): Adapter {
    const entries = this.#entries(model);
    const findWhere = (fits: (payload: AdapterPayload) => boolean) =>
      Promise.resolve([...entries.values()].find(fits));
    return {
      upsert: (id, payload) => done(() => entries.set(id, payload)),
      find: (id) => Promise.resolve(entries.get(id)),
      findByUid: (uid) => findWhere((payload) => payload.uid === uid),
      findByUserCode: (userCode) => findWhere((payload) => payload.userCode === userCode),
      consume: (id) =>
        done(() => Object.assign(entries.get(id) ?? {}, { consumed: Math.floor(Date.now() / 1000) })),
      destroy: (id) => done(() => entries.delete(id)),
      revokeByGrantId: (grantId) => done(() => this.#revoke(grantId)),
    };
  }

  #entries(model: string): Map<string, AdapterPayload> {
    const known = this.#models.get(model);
    if (known !== undefined) return known;
    const entries = new Map<string, AdapterPayload>();
    this.#models.set(model, entries);
    return entries;
  }

  #revoke(grantId: string): void {
    for (const entries of this.#models.values()) {
      for (const [id, payload] of entries) if (payload.grantId === grantId) entries.delete(id);
    }
  }
}

function done(change: () => unknown): Promise<void> {
  change();
  return Promise.resolve();
}
