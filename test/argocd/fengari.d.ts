// The part of fengari that is used; it comes without types. Its strings are arrays of bytes.

declare module 'fengari' {
  interface State {
    readonly opaque: unique symbol;
  }
  type CFunction = (state: State) => number;
  type Bytes = Uint8Array;

  interface Fengari {
    readonly lua: {
      readonly LUA_OK: 0;
      readonly LUA_TNIL: number;
      readonly LUA_TBOOLEAN: number;
      readonly LUA_TNUMBER: number;
      readonly LUA_TSTRING: number;
      readonly LUA_TTABLE: number;
      lua_createtable(state: State, arrayItems: number, fields: number): void;
      lua_getfield(state: State, index: number, key: Bytes): number;
      lua_next(state: State, index: number): number;
      lua_pcall(state: State, args: number, results: number, handler: number): number;
      lua_pop(state: State, count: number): void;
      lua_pushboolean(state: State, value: boolean): void;
      lua_pushnil(state: State): void;
      lua_pushnumber(state: State, value: number): void;
      lua_pushstring(state: State, value: Bytes): void;
      lua_rawseti(state: State, index: number, item: number): void;
      lua_setfield(state: State, index: number, key: Bytes): void;
      lua_setglobal(state: State, name: Bytes): void;
      lua_toboolean(state: State, index: number): boolean;
      lua_tojsstring(state: State, index: number): string;
      lua_tonumber(state: State, index: number): number;
      lua_type(state: State, index: number): number;
    };
    readonly lauxlib: {
      luaL_loadstring(state: State, script: Bytes): number;
      luaL_newstate(): State;
      luaL_requiref(state: State, name: Bytes, open: CFunction, global: boolean): void;
    };
    readonly lualib: {
      luaopen_base: CFunction;
      luaopen_os: CFunction;
      luaopen_package: CFunction;
      luaopen_table: CFunction;
    };
    readonly to_luastring: (text: string) => Bytes;
  }

  const fengari: Fengari;
  export default fengari;
}
