import { parse } from "@std/yaml";
import { z } from "zod";
import * as l from "@logtape/logtape";
const t=performance.now(); console.log(parse("a: 1"), typeof z.object, Object.keys(l).length, t);
