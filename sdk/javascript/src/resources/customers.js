import { path, Resource } from "./base.js";

/** Your customers, by your own ids. */
export class Customers extends Resource {
  retrieve(customerId, options) {
    return this._read(path("customers", customerId), {}, options);
  }

  list(query, options) {
    return this._page(path("customers"), query, options);
  }

  update(customerId, body, options) {
    return this._write("PATCH", path("customers", customerId), body, options);
  }

  merge(customerId, body, options) {
    return this._write("POST", path("customers", customerId, "merge"), body, options);
  }

  export(customerId, options) {
    return this._write("POST", path("customers", customerId, "export"), {}, options);
  }

  delete(customerId, options) {
    return this._write("DELETE", path("customers", customerId), undefined, options);
  }

  balances(customerId, query, options) {
    return this._read(path("customers", customerId, "balances"), query, options);
  }

  tier(customerId, options) {
    return this._read(path("customers", customerId, "tier"), {}, options);
  }

  challenges(customerId, options) {
    return this._read(path("customers", customerId, "challenges"), {}, options);
  }

  stampCollections(customerId, query, options) {
    return this._page(path("customers", customerId, "stamp-collections"), query, options);
  }

  referral(customerId, options) {
    return this._read(path("customers", customerId, "referral"), {}, options);
  }

  refer(customerId, body, options) {
    return this._write("POST", path("customers", customerId, "referral"), body, options);
  }
}
