import { path, Resource } from "./base.js";

/** What points buy. */
export class Rewards extends Resource {
  list(query, options) {
    return this._page(path("rewards"), query, options);
  }

  retrieve(rewardId, query, options) {
    return this._read(path("rewards", rewardId), query, options);
  }

  create(body, options) {
    return this._write("POST", path("rewards"), body, options);
  }

  update(rewardId, body, options) {
    return this._write("PATCH", path("rewards", rewardId), body, options);
  }

  uploadCodes(rewardId, codes, { dry_run = false, ...options } = {}) {
    return this._write("POST", path("rewards", rewardId, "codes"), { codes, dry_run }, options);
  }

  codes(rewardId, query, options) {
    return this._page(path("rewards", rewardId, "codes"), query, options);
  }

  removeCodes(rewardId, options) {
    return this._write("DELETE", path("rewards", rewardId, "codes"), undefined, options);
  }
}

/** Sets of items that rewards give. */
export class InventorySets extends Resource {
  list(query, options) {
    return this._page(path("inventory-sets"), query, options);
  }

  retrieve(setId, options) {
    return this._read(path("inventory-sets", setId), {}, options);
  }

  create(body, options) {
    return this._write("POST", path("inventory-sets"), body, options);
  }

  update(setId, body, options) {
    return this._write("PATCH", path("inventory-sets", setId), body, options);
  }
}
