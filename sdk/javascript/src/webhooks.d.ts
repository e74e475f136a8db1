/**
 * The parsed event, if one of the secrets signed it within `tolerance` seconds (300) of now; several while one is rotated.
 * `payload` is the body as it came, before any parsing.
 */
export function verify(
  payload: string | ArrayBuffer | Uint8Array,
  headers: Headers | Record<string, string | string[] | undefined>,
  secret: string | string[],
  options?: { tolerance?: number; now?: number },
): Promise<any>;
