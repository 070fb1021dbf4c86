/**
 * `Function` as it was when the worker loaded: lockdown replaces the global one by another whose functions run a hundred
 * times slower. The text given to it comes from the compiler alone; see `Scope`.
 */
export const FunctionConstructor = Function
