import { path, Resource } from "./base.js";

class Configured extends Resource {
  constructor(transport, name) {
    super(transport);
    this.name = name;
  }

  list(query, options) {
    return this._page(path(this.name), query, options);
  }

  retrieve(id, options) {
    return this._read(path(this.name, id), {}, options);
  }

  create(body, options) {
    return this._write("POST", path(this.name), body, options);
  }

  update(id, body, options) {
    return this._write("PATCH", path(this.name, id), body, options);
  }
}

/** Loyalty programs; `default` is there from the start. */
export class Programs extends Configured {
  constructor(transport) {
    super(transport, "programs");
  }
}

/** Programs that another project of the organization may use, and those that you may. */
export class ProgramShares extends Resource {
  list(query, options) {
    return this._page(path("program-shares"), query, options);
  }

  retrieve(programShareId, options) {
    return this._read(path("program-shares", programShareId), {}, options);
  }

  create(body, options) {
    return this._write("POST", path("program-shares"), body, options);
  }

  /** The next call that names the program is refused. */
  revoke(programShareId, options) {
    return this._write("DELETE", path("program-shares", programShareId), {}, options);
  }
}

/** What is counted: points, and whatever else. */
export class Metrics extends Configured {
  constructor(transport) {
    super(transport, "metrics");
  }
}

/** Ladders of levels, such as Bronze, Silver, Gold. */
export class Tiers extends Configured {
  constructor(transport) {
    super(transport, "tiers");
  }
}

/** What an event gives. A draft takes effect when it is published. */
export class EarningRules extends Configured {
  constructor(transport) {
    super(transport, "earning-rules");
  }

  publish(ruleId, options) {
    return this._write("POST", path(this.name, ruleId, "publish"), {}, options);
  }

  archive(ruleId, options) {
    return this._write("POST", path(this.name, ruleId, "archive"), {}, options);
  }

  rollBack(ruleId, body, options) {
    return this._write("POST", path(this.name, ruleId, "roll-back"), body, options);
  }

  revisions(ruleId, query, options) {
    return this._page(path(this.name, ruleId, "revisions"), query, options);
  }

  backTest(ruleId, body, options) {
    return this._write("POST", path(this.name, ruleId, "back-test"), body, options);
  }
}

/** Tries of a rule on the past. */
export class BackTests extends Resource {
  retrieve(backTestId, options) {
    return this._read(path("back-tests", backTestId), {}, options);
  }
}
