import { path, Resource } from "./base.js";

/** Where you are told what happened. `webhooks.verify` checks what arrives there. */
export class WebhookEndpoints extends Resource {
  list(query, options) {
    return this._page(path("webhook-endpoints"), query, options);
  }

  retrieve(endpointId, options) {
    return this._read(path("webhook-endpoints", endpointId), undefined, options);
  }

  create(body, options) {
    return this._write("POST", path("webhook-endpoints"), body, options);
  }

  update(endpointId, body, options) {
    return this._write("PATCH", path("webhook-endpoints", endpointId), body, options);
  }

  delete(endpointId, options) {
    return this._write("DELETE", path("webhook-endpoints", endpointId), undefined, options);
  }

  rotateSecret(endpointId, options) {
    return this._write("POST", path("webhook-endpoints", endpointId, "rotate-secret"), undefined, options);
  }

  test(endpointId, options) {
    return this._write("POST", path("webhook-endpoints", endpointId, "test"), undefined, options);
  }
}

/** What was sent, and how it went. */
export class WebhookDeliveries extends Resource {
  list(query, options) {
    return this._page(path("webhook-deliveries"), query, options);
  }

  retrieve(deliveryId, options) {
    return this._read(path("webhook-deliveries", deliveryId), undefined, options);
  }

  resend(deliveryId, options) {
    return this._write("POST", path("webhook-deliveries", deliveryId, "resend"), undefined, options);
  }
}
