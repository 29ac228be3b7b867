// Runs a resource customization as Argo CD does: `obj` is the object, what the script returns is the answer.

import fengari from 'fengari';
import { customizationOf, type Kind } from '../../scripts/argocd.ts';
import type { Health } from './customization-tests.ts';

const { lua, lauxlib, lualib, to_luastring: bytes } = fengari;
type State = ReturnType<typeof lauxlib.luaL_newstate>;

/** What Argo CD opens to a script from its ConfigMap; of `os` only these two functions. Above all there is no `string`. */
const LIBRARIES = [
  ['_G', lualib.luaopen_base],
  ['package', lualib.luaopen_package],
  ['table', lualib.luaopen_table],
] as const;
const SAFE_OS = ['time', 'date'] as const;

/** The value that a script returns for an object, as JSON. Throws what Lua says when it fails. */
export function runLua(script: string, object: unknown): unknown {
  const state = lauxlib.luaL_newstate();
  for (const [name, open] of LIBRARIES) {
    lauxlib.luaL_requiref(state, bytes(name), open, true);
    lua.lua_pop(state, 1);
  }
  openSafeOs(state);
  push(state, object);
  lua.lua_setglobal(state, bytes('obj'));
  const failed = lauxlib.luaL_loadstring(state, bytes(script)) || lua.lua_pcall(state, 0, 1, 0);
  if (failed !== lua.LUA_OK) throw new Error(lua.lua_tojsstring(state, -1));
  return read(state, object);
}

/** What the health script of a kind says of an object. */
export function healthOf(kind: Kind, object: object): Health {
  const health: Health = JSON.parse(JSON.stringify(runLua(customizationOf(kind).health, object)));
  return health;
}

function openSafeOs(state: State): void {
  const open = (): number => {
    lua.lua_createtable(state, 0, SAFE_OS.length);
    lauxlib.luaL_requiref(state, bytes('whole os'), lualib.luaopen_os, false);
    for (const name of SAFE_OS) {
      lua.lua_getfield(state, -1, bytes(name));
      lua.lua_setfield(state, -3, bytes(name));
    }
    lua.lua_pop(state, 1);
    return 1;
  };
  lauxlib.luaL_requiref(state, bytes('os'), open, true);
  lua.lua_pop(state, 1);
}

function push(state: State, value: unknown): void {
  if (Array.isArray(value)) {
    lua.lua_createtable(state, value.length, 0);
    for (const [index, item] of value.entries()) {
      push(state, item);
      lua.lua_rawseti(state, -2, index + 1);
    }
  } else if (typeof value === 'object' && value !== null) {
    lua.lua_createtable(state, 0, 0);
    for (const [key, field] of Object.entries(value)) {
      push(state, field);
      lua.lua_setfield(state, -2, bytes(key));
    }
  } else if (typeof value === 'string') {
    lua.lua_pushstring(state, bytes(value));
  } else if (typeof value === 'number') {
    lua.lua_pushnumber(state, value);
  } else if (typeof value === 'boolean') {
    lua.lua_pushboolean(state, value);
  } else {
    lua.lua_pushnil(state);
  }
}

/** The value on top of the stack. Lua cannot tell an empty object from an empty list: it is taken for what stood there `before`. */
function read(state: State, before: unknown): unknown {
  switch (lua.lua_type(state, -1)) {
    case lua.LUA_TNIL:
      return undefined;
    case lua.LUA_TBOOLEAN:
      return lua.lua_toboolean(state, -1);
    case lua.LUA_TNUMBER:
      return lua.lua_tonumber(state, -1);
    case lua.LUA_TSTRING:
      return lua.lua_tojsstring(state, -1);
    case lua.LUA_TTABLE:
      return readTable(state, before);
    default:
      throw new Error('a script can only return what JSON can say');
  }
}

function readTable(state: State, before: unknown): unknown {
  const list: unknown[] = [];
  const fields: Record<string, unknown> = {};
  lua.lua_pushnil(state);
  while (lua.lua_next(state, -2) !== 0) {
    const isItem = lua.lua_type(state, -2) === lua.LUA_TNUMBER;
    const key = isItem ? lua.lua_tonumber(state, -2) - 1 : lua.lua_tojsstring(state, -2);
    const value = read(state, typeof before === 'object' && before !== null ? Reflect.get(before, key) : undefined);
    if (typeof key === 'number') list[key] = value;
    else fields[key] = value;
    lua.lua_pop(state, 1);
  }
  return list.length > 0 || (Array.isArray(before) && Object.keys(fields).length === 0) ? list : fields;
}
