import { path, Resource } from "./base.js";

/** What happened at your side, which the earning rules turn into points. */
export class Events extends Resource {
  send(body, options) {
    return this._write("POST", path("events"), body, options);
  }

  sendBatch(events, options) {
    return this._write("POST", path("events", "batch"), { events }, options);
  }

  retrieve(eventId, options) {
    return this._read(path("events", eventId), {}, options);
  }

  explain(eventId, options) {
    return this._read(path("events", eventId, "explain"), {}, options);
  }

  dryRun(body, options) {
    return this._write("POST", path("events", "dry-run"), body, options);
  }
}
