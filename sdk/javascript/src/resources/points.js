import { path, Resource } from "./base.js";

/** Points given, spent and corrected. */
export class Points extends Resource {
  award(body, options) {
    return this._write("POST", path("points", "award"), body, options);
  }

  redeem(body, options) {
    return this._write("POST", path("points", "redeem"), body, options);
  }

  adjust(body, options) {
    return this._write("POST", path("points", "adjust"), body, options);
  }

  transfer(body, options) {
    return this._write("POST", path("points", "transfer"), body, options);
  }

  list(query, options) {
    return this._page(path("points"), query, options);
  }
}
