import { HTTP_ROWS } from "./http_rows.ts";
import { HTTPS_ROWS } from "./https_rows.ts";
import type { Row } from "./row.ts";
import { TCP_ROWS } from "./tcp_rows.ts";

/** Every row, in the order of the table. */
export const ROWS: readonly Row[] = [...TCP_ROWS, ...HTTP_ROWS, ...HTTPS_ROWS];
