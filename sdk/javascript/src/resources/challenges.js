import { path, Resource } from "./base.js";

/** Missions to do, and what who has done them all gets; of one customer, see customers.challenges. */
export class Challenges extends Resource {
  list(query, options) {
    return this._page(path("challenges"), query, options);
  }

  retrieve(challengeId, options) {
    return this._read(path("challenges", challengeId), {}, options);
  }

  create(body, options) {
    return this._write("POST", path("challenges"), body, options);
  }

  update(challengeId, body, options) {
    return this._write("PATCH", path("challenges", challengeId), body, options);
  }
}

/** Thresholds on a metric's total. */
export class MilestoneSets extends Resource {
  list(query, options) {
    return this._page(path("milestone-sets"), query, options);
  }

  retrieve(milestoneSetId, options) {
    return this._read(path("milestone-sets", milestoneSetId), {}, options);
  }

  create(body, options) {
    return this._write("POST", path("milestone-sets"), body, options);
  }

  update(milestoneSetId, body, options) {
    return this._write("PATCH", path("milestone-sets", milestoneSetId), body, options);
  }
}

/** What challenges give to be used elsewhere: items of the inventory set `coupons`. */
export class Coupons extends Resource {
  list(query, options) {
    return this._page(path("coupons"), query, options);
  }

  retrieve(couponId, options) {
    return this._read(path("coupons", couponId), {}, options);
  }

  create(body, options) {
    return this._write("POST", path("coupons"), body, options);
  }

  update(couponId, body, options) {
    return this._write("PATCH", path("coupons", couponId), body, options);
  }
}

/** How the members' own app reaches the environment. */
export class MemberApps extends Resource {
  retrieve(options) {
    return this._read(path("member-app"), {}, options);
  }

  update(body, options) {
    return this._write("PATCH", path("member-app"), body, options);
  }
}
