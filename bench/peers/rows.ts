import { HTTP_ROWS } from "./http_rows.ts";
import { HTTPS_ROWS } from "./https_rows.ts";
import { REENCRYPT_ROWS } from "./reencrypt.ts";
import type { Row } from "./row.ts";
import { SNI_ROWS } from "./sni_rows.ts";
import { TCP_ROWS } from "./tcp_rows.ts";

/** Every row, in the order of the table. */
export const ROWS: readonly Row[] = [
  ...TCP_ROWS,
  ...HTTP_ROWS,
  ...HTTPS_ROWS,
  ...SNI_ROWS,
  ...REENCRYPT_ROWS,
];
