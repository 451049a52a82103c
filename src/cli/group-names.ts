// Names of consumer groups that no engine names itself. Ruled by product.md: group ids begin with `<prefix>.`.

/** The group that reads the raw topic, e.g. `trackbridge.process`. */
export const processGroup = (prefix: string): string => `${prefix}.process`
