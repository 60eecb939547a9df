/**
 * The normal form of a name in `sni_routes`: lower case, no dot at its end. `undefined` for what no
 * client can ask for: an IP address, or a name with other characters than those of DNS.
 */
export function serverName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, "");
  const isName = name.length <= 253 && /^(\*\.)?[\w-]{1,63}(\.[\w-]{1,63})*$/.test(name);
  return isName && !/^(\*\.)?[\d.]+$/.test(name) ? name : undefined;
}
