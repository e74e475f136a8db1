// What all resources have in common.
import { Page, PagePromise } from "../pages.js";

/** `/v1/…` of these parts, each quoted; throws TypeError for one that would lead elsewhere. */
export function path(...parts) {
  for (const part of parts) {
    if (typeof part !== "string" || ["", ".", ".."].includes(part)) throw new TypeError(`${part} is no id.`);
  }
  return `/v1/${parts.map(encodeURIComponent).join("/")}`;
}

export class Resource {
  #transport;

  constructor(transport) {
    this.#transport = transport;
  }

  _read(where, query, options) {
    return this.#transport.read(where, query, options);
  }

  _write(method, where, body, options) {
    return this.#transport.write(method, where, body, options);
  }

  _page(where, query, options) {
    const following = (cursor) => this._page(where, { ...query, cursor }, options);
    return new PagePromise((resolve, reject) => {
      const page = this.#transport.read(where, query, options).then((body) => new Page(body, following));
      page.then(resolve, reject);
    });
  }
}
