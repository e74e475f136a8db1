import { path, Resource } from "./base.js";

/** Rewards that were redeemed, and their codes at the till. */
export class Redemptions extends Resource {
  list(query, options) {
    return this._page(path("redemptions"), query, options);
  }

  retrieve(redemptionId, options) {
    return this._read(path("redemptions", redemptionId), {}, options);
  }

  fulfil(redemptionId, body, options) {
    return this._write("POST", path("redemptions", redemptionId, "fulfil"), body, options);
  }

  fail(redemptionId, body, options) {
    return this._write("POST", path("redemptions", redemptionId, "fail"), body, options);
  }

  cancel(redemptionId, body, options) {
    return this._write("POST", path("redemptions", redemptionId, "cancel"), body, options);
  }

  validate(code, options) {
    return this._write("POST", path("redemptions", "validate"), { code }, options);
  }

  use(body, options) {
    return this._write("POST", path("redemptions", "use"), body, options);
  }
}

/** Rewards under the names of the Gamification API. */
export class Offers extends Resource {
  redeem(body, options) {
    return this._write("POST", path("offer", "redeem"), body, options);
  }

  redeemFor(userId, offerId, body, options) {
    return this._write("POST", path("user", userId, "offer", offerId, "redeem"), body, options);
  }
}
