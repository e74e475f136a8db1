import { path, Resource } from "./base.js";

/** Points that are reserved, and captured or released later. */
export class Holds extends Resource {
  create(body, options) {
    return this._write("POST", path("holds"), body, options);
  }

  retrieve(holdId, options) {
    return this._read(path("holds", holdId), {}, options);
  }

  list(query, options) {
    return this._page(path("holds"), query, options);
  }

  capture(holdId, body, options) {
    return this._write("POST", path("holds", holdId, "capture"), body, options);
  }

  release(holdId, options) {
    return this._write("POST", path("holds", holdId, "release"), {}, options);
  }

  cancel(holdId, body, options) {
    return this._write("POST", path("holds", holdId, "cancel"), body, options);
  }
}

/** Every change of a balance in the environment. */
export class Transactions extends Resource {
  list(query, options) {
    return this._page(path("transactions"), query, options);
  }

  retrieve(transactionId, options) {
    return this._read(path("transactions", transactionId), {}, options);
  }

  reverse(transactionId, body, options) {
    return this._write("POST", path("transactions", transactionId, "reverse"), body, options);
  }
}
