// Lists: one page, and lazily all that follow.
import { UnexpectedAnswerError } from "./errors.js";

/** A page of a list. `for await` goes on through the following pages, fetching each when it is reached. */
export class Page {
  #fetchPage;

  constructor(body, fetchPage) {
    const { data, next_cursor } = body;
    if (!Array.isArray(data) || !(next_cursor === null || typeof next_cursor === "string")) {
      throw new UnexpectedAnswerError("The answer is not a page of a list.");
    }
    this.data = data;
    this.has_more = next_cursor !== null;
    this.next_cursor = next_cursor;
    this.#fetchPage = fetchPage;
  }

  /** Fetch the page after this one; null where this is the last. */
  async nextPage() {
    return this.next_cursor === null ? null : this.#fetchPage(this.next_cursor);
  }

  async *[Symbol.asyncIterator]() {
    for (let page = this; page !== null; page = await page.nextPage()) yield* page.data;
  }
}

/** A promise of a page, which `for await` takes too. */
export class PagePromise extends Promise {
  static get [Symbol.species]() {
    return Promise;
  }

  async *[Symbol.asyncIterator]() {
    yield* await this;
  }
}
