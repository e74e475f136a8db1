import { path, Resource } from "./base.js";

/** Stamp cards: so many purchases, and one is paid back, or an amount is paid. */
export class StampPrograms extends Resource {
  list(query, options) {
    return this._page(path("stamp-programs"), query, options);
  }

  retrieve(stampProgramId, query, options) {
    return this._read(path("stamp-programs", stampProgramId), query, options);
  }

  create(body, options) {
    return this._write("POST", path("stamp-programs"), body, options);
  }

  update(stampProgramId, body, options) {
    return this._write("PATCH", path("stamp-programs", stampProgramId), body, options);
  }
}

/** Customers' cards. */
export class StampCollections extends Resource {
  create(body, options) {
    return this._write("POST", path("stamp-collections"), body, options);
  }

  retrieve(stampCollectionId, options) {
    return this._read(path("stamp-collections", stampCollectionId), {}, options);
  }
}

/** What full cards gave: money that you pay. */
export class StampRewards extends Resource {
  list(query, options) {
    return this._page(path("stamp-rewards"), query, options);
  }

  retrieve(stampRewardId, options) {
    return this._read(path("stamp-rewards", stampRewardId), {}, options);
  }

  pay(stampRewardId, body, options) {
    return this._write("POST", path("stamp-rewards", stampRewardId, "pay"), body, options);
  }
}
