import { path, Resource } from "./base.js";

/** Tokens with which a customer's own app calls the engine. */
export class Tokens extends Resource {
  create(memberId, body, options) {
    return this._write("POST", path("members", memberId, "tokens"), body, options);
  }
}

/** Figures of a period. */
export class Analytics extends Resource {
  points(query, options) {
    return this._read(path("analytics", "points"), query, options);
  }

  liability(query, options) {
    return this._read(path("analytics", "liability"), query, options);
  }

  members(query, options) {
    return this._read(path("analytics", "members"), query, options);
  }

  tiers(query, options) {
    return this._read(path("analytics", "tiers"), query, options);
  }

  challenges(query, options) {
    return this._page(path("analytics", "challenges"), query, options);
  }

  rewards(query, options) {
    return this._read(path("analytics", "rewards"), query, options);
  }

  stamps(query, options) {
    return this._page(path("analytics", "stamps"), query, options);
  }
}

/** Who changed what, and when. */
export class AuditEvents extends Resource {
  list(query, options) {
    return this._page(path("audit-events"), query, options);
  }
}

/** What the organization's plan allows. */
export class Plans extends Resource {
  retrieve(options) {
    return this._read(path("plan"), undefined, options);
  }
}

/** What only sandboxes can. */
export class Sandbox extends Resource {
  setClock(body, options) {
    return this._write("POST", path("sandbox", "clock"), body, options);
  }

  reset(options) {
    return this._write("POST", path("sandbox", "reset"), {}, options);
  }
}
