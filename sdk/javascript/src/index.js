// const loyalpro = new Client("sk_…", { baseUrl: "https://loyalty.example.com" });
// await loyalpro.points.award({ customer_id: "cus_abc123", points: 100, reason: "Purchase" });
export { Client } from "./client.js";
export * from "./errors.js";
export { Page } from "./pages.js";
export * from "./problems.js";
export * as webhooks from "./webhooks.js";
