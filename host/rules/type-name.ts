/** `TYPE="MySource"` finds `mySource`: only the first letter may differ. */
export function typeName(type: string): string {
  return type.slice(0, 1).toLowerCase() + type.slice(1)
}
